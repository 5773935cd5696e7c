//! Clients that look at everything at the end: every list shows all there is, once and in order, whatever its pages; the
//! accounts and their entries show what is owed.

use domain::access::Caller;
use domain::attachment::Attachment;
use domain::event::Event;
use domain::file::File;
use domain::ids::{OrderId, TenantId};
use domain::ledger::AccountId;
use ports::clock::Clock as _;
use serde_json::Value;

use super::run::Run;
use crate::ask::Ask;
use crate::invariants::{Holds, ensure};

/// Small, so that there is more than one.
const PAGE: usize = 7;

impl Run {
    pub(super) fn lists_are_complete(&mut self) -> Holds {
        let mut tenants: Vec<TenantId> = self.clients.callers.iter().map(|caller| caller.tenant).collect();
        tenants.dedup();
        let now = self.world.clock.now();
        tenants.into_iter().try_for_each(|tenant| {
            let books = &self.books;
            let orders = || books.orders.values().rev().filter(|order| order.tenant == tenant);
            self.shows("/v1/orders", tenant, orders().map(|it| (it.id.to_string(), api::order(it))))?;
            orders().try_for_each(|order| self.shows_its_files(tenant, order.id))?;
            let payments = || books.payments.values().rev().filter(|payment| payment.tenant == tenant);
            self.shows("/v1/payments", tenant, payments().map(|it| (it.id.to_string(), api::payment(it))))?;
            for payment in payments().filter(|payment| payment.captured > 0) {
                let refunds = books.refunds.values().rev().filter(|refund| refund.payment == payment.id);
                let path = format!("/v1/payments/{}/refunds", payment.id);
                self.shows(&path, tenant, refunds.map(|it| (it.id.to_string(), api::refund(it))))?;
            }
            let is_shown = |event: &&Event| event.tenant == tenant && now < event.expires_at();
            let events = books.events.values().rev().filter(is_shown);
            self.shows("/v1/events", tenant, events.map(|it| (it.id.to_string(), api::event(it))))?;
            self.accounts_show_what_is_owed(tenant)
        })
    }

    fn shows_its_files(&self, tenant: TenantId, order: OrderId) -> Holds {
        let files = self.world.store.files();
        let attached = files.iter().filter_map(|file| Some((file, file.attachment_to(order)?)));
        let mut attached: Vec<(&File, Attachment)> = attached.collect();
        attached.sort_unstable_by_key(|(_, attachment)| attachment.id);
        let items = attached.iter().map(|(file, it)| (it.id.to_string(), api::attached_file(file, it)));
        self.shows(&format!("/v1/orders/{order}/files"), tenant, items)
    }

    /// All pages of a list, of items with their ids.
    fn shows(&self, path: &str, tenant: TenantId, items: impl Iterator<Item = (String, String)>) -> Holds {
        let reader = self.reader(tenant);
        let (ids, bodies): (Vec<String>, Vec<String>) = items.unzip();
        let mut cursor: Option<&str> = None;
        let pages = bodies.len().div_ceil(PAGE).max(1);
        for page in 0..pages {
            let end = bodies.len().min((page + 1) * PAGE);
            let next = (page + 1 < pages).then(|| ids[end - 1].as_str());
            let answer = self.world.call(page_of(path, &reader, cursor));
            let is_all = answer.status == 200 && answer.body == api::list(&bodies[page * PAGE..end], next);
            ensure(is_all, || {
                format!("{path} of {tenant} shows {} after {cursor:?}, there is {bodies:?}", answer.body)
            })?;
            cursor = next;
        }
        Ok(())
    }

    fn accounts_show_what_is_owed(&self, tenant: TenantId) -> Holds {
        for account in self.list("/v1/accounts", tenant)? {
            let text = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
            let id: AccountId = text("id").parse().map_err(|_| format!("{account} is no account"))?;
            let owed = self.books.owed(tenant, id);
            let shown = (account["posted_amount"].as_i64(), account["pending_amount"].as_i64());
            let fits = shown == (Some(owed.0), Some(owed.1));
            ensure(fits, || format!("{account} of {tenant}, {owed:?} is owed"))?;
            let entries = self.list(&format!("/v1/accounts/{}/entries", text("id")), tenant)?;
            let sum: i64 = entries.iter().filter_map(|entry| entry["amount"].as_i64()).sum();
            ensure(Some(sum) == shown.0, || format!("{account} of {tenant} has entries of {sum}"))?;
        }
        Ok(())
    }

    /// All pages of a list, whatever is in it.
    fn list(&self, path: &str, tenant: TenantId) -> Result<Vec<Value>, String> {
        let reader = self.reader(tenant);
        let (mut shown, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut answer = self.world.call(page_of(path, &reader, cursor.as_deref()));
            let Value::Array(items) = answer.json["data"].take() else {
                return Err(format!("{path} answers {} {}", answer.status, answer.body));
            };
            shown.extend(items);
            cursor = answer.json["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(shown);
            }
        }
    }
}

fn page_of(path: &str, reader: &Caller, cursor: Option<&str>) -> Ask {
    let ask = Ask::get(path).by(reader).query("limit", &PAGE.to_string());
    match cursor {
        Some(cursor) => ask.query("cursor", cursor),
        None => ask,
    }
}
