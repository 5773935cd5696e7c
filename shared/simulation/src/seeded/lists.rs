//! Clients that look at everything at the end: every list shows all there is, once and in order, whatever its pages; the
//! accounts and their entries show what is owed.

use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind};
use serde_json::Value;

use super::run::Run;
use crate::ask::Ask;
use crate::invariants::{Holds, ensure};

/// Small, so that there is more than one.
const PAGE: &str = "7";

impl Run {
    pub(super) fn lists_are_complete(&mut self) -> Holds {
        let mut tenants: Vec<TenantId> = self.clients.callers.iter().map(|caller| caller.tenant).collect();
        tenants.dedup();
        tenants.into_iter().try_for_each(|tenant| {
            let books = &self.books;
            let orders = books.orders.values().rev().filter(|order| order.tenant == tenant);
            self.shows("/v1/orders", tenant, orders.map(api::order))?;
            let payments = || books.payments.values().rev().filter(|payment| payment.tenant == tenant);
            self.shows("/v1/payments", tenant, payments().map(api::payment))?;
            for payment in payments().filter(|payment| payment.captured > 0) {
                let refunds = books.refunds.values().rev().filter(|refund| refund.payment == payment.id);
                self.shows(&format!("/v1/payments/{}/refunds", payment.id), tenant, refunds.map(api::refund))?;
            }
            let events = books.events.values().rev().filter(|event| event.tenant == tenant);
            self.shows("/v1/events", tenant, events.map(api::event))?;
            self.accounts_show_what_is_owed(tenant)
        })
    }

    fn shows(&self, path: &str, tenant: TenantId, expected: impl Iterator<Item = String>) -> Holds {
        let shown = self.list(path, tenant)?;
        let expected: Vec<Value> = expected.filter_map(|body| serde_json::from_str(&body).ok()).collect();
        let is_all = shown == expected;
        ensure(is_all, || format!("{path} of {tenant} shows {shown:?}, there is {expected:?}"))
    }

    fn accounts_show_what_is_owed(&self, tenant: TenantId) -> Holds {
        for account in self.list("/v1/accounts", tenant)? {
            let text = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
            let Ok(AccountId { kind, currency }) = text("id").parse() else {
                return Err(format!("{account} is no account"));
            };
            let sign = if kind == AccountKind::Merchant { 1 } else { -1 };
            let owed = self.books.owed(tenant, currency);
            let shown = (account["posted_amount"].as_i64(), account["pending_amount"].as_i64());
            let fits = shown == (Some(sign * owed.posted), Some(sign * owed.pending));
            ensure(fits, || format!("{account} of {tenant}, {owed:?} is owed"))?;
            let entries = self.list(&format!("/v1/accounts/{}/entries", text("id")), tenant)?;
            let sum: i64 = entries.iter().filter_map(|entry| entry["amount"].as_i64()).sum();
            ensure(Some(sum) == shown.0, || format!("{account} of {tenant} has entries of {sum}"))?;
        }
        Ok(())
    }

    /// All pages of a list.
    fn list(&self, path: &str, tenant: TenantId) -> Result<Vec<Value>, String> {
        let reader = self.reader(tenant);
        let (mut shown, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let ask = Ask::get(path).by(&reader).query("limit", PAGE);
            let mut answer = self.world.call(match &cursor {
                Some(cursor) => ask.query("cursor", cursor),
                None => ask,
            });
            ensure(answer.status == 200, || format!("{path} answers {} {}", answer.status, answer.body))?;
            let Value::Array(items) = answer.json["data"].take() else { return Err(format!("{path} shows no list")) };
            shown.extend(items);
            cursor = answer.json["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(shown);
            }
        }
    }
}
