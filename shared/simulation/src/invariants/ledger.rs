//! The ledger: every transaction sums to zero, stands for something that happened and for nothing twice, and the balances are
//! the sums of the entries (C1, C2).

use std::collections::{BTreeMap, BTreeSet};

use domain::dispute::{Dispute, DisputeStatus};
use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind, Entry, Source, Transaction};
use domain::money::Currency;
use domain::refund::RefundStatus;
use memory::{Contents, Store};

use super::{Books, Holds, Touched, ensure};

type Sums<K> = BTreeMap<K, i64>;

pub(super) fn holds(books: &Books, contents: &Contents) -> Holds {
    let mut posted: Sums<(TenantId, AccountId)> = Sums::new();
    for transaction in &contents.transactions {
        is_balanced(transaction)?;
        stands_for_something(books, transaction)?;
        for entry in transaction.entries() {
            *posted.entry((transaction.tenant(), entry.account)).or_default() += entry.amount;
        }
    }
    let captured = books.payments.values().filter(|payment| payment.captured > 0).count();
    let refunded = books.refunds.values().filter(|refund| refund.status == RefundStatus::Succeeded).count();
    let disputed: usize = books.disputes.values().map(|it| if it.status.is_open() { 1 } else { 2 }).sum();
    let count = contents.transactions.len();
    ensure(count == captured + refunded + disputed, || {
        format!("{count} transactions for {captured} charges, {refunded} refunds, {disputed} moves of disputes")
    })?;
    balances(contents, &posted, &pending(books))
}

/// What has changed is booked with it, and the accounts show what they owe.
pub(super) fn has_posted(books: &Books, touched: &Touched, store: &Store) -> Holds {
    let mut places: BTreeSet<(TenantId, Currency)> = BTreeSet::new();
    for payment in touched.payments.iter().filter_map(|id| books.payments.get(id)) {
        is_posted(books, store, payment.tenant, Source::Charge(payment.id), payment.captured > 0)?;
        places.insert((payment.tenant, payment.money.currency));
    }
    for refund in touched.refunds.iter().filter_map(|id| books.refunds.get(id)) {
        let is_due = refund.status == RefundStatus::Succeeded;
        is_posted(books, store, refund.tenant, Source::Refund(refund.id), is_due)?;
    }
    for dispute in touched.disputes.iter().filter_map(|id| books.disputes.get(id)) {
        let Dispute { id, tenant, status, .. } = dispute;
        is_posted(books, store, *tenant, Source::DisputeOpened(*id), true)?;
        is_posted(books, store, *tenant, Source::DisputeWon(*id), *status == DisputeStatus::Won)?;
        is_posted(books, store, *tenant, Source::DisputeLost(*id), *status == DisputeStatus::Lost)?;
    }
    for (tenant, currency) in places {
        let owed = books.owed(tenant, currency);
        for kind in AccountKind::ALL {
            let (account, booked) = (AccountId { kind, currency }, owed.of(kind));
            let shown = store.balance_of(tenant, account).map_or((0, 0), |it| (it.posted, it.pending));
            ensure(shown == booked, || format!("{tenant} {account} shows {shown:?}, it should be {booked:?}"))?;
        }
    }
    Ok(())
}

fn is_posted(books: &Books, store: &Store, tenant: TenantId, source: Source, is_due: bool) -> Holds {
    match store.posted(tenant, source) {
        Some(transaction) => {
            is_balanced(&transaction)?;
            stands_for_something(books, &transaction)
        }
        None => ensure(!is_due, || format!("{source} happened and is not booked")),
    }
}

fn is_balanced(transaction: &Transaction) -> Holds {
    let mut sums: Sums<Currency> = Sums::new();
    for entry in transaction.entries() {
        *sums.entry(entry.account.currency).or_default() += entry.amount;
    }
    ensure(sums.values().all(|sum| *sum == 0), || format!("{} does not sum to zero: {sums:?}", transaction.source()))
}

fn stands_for_something(books: &Books, transaction: &Transaction) -> Holds {
    let source = transaction.source();
    let dispute = |id| books.disputes.get(&id);
    let to_merchant = match source {
        Source::Charge(id) => books.payments.get(&id).map(|payment| payment.captured),
        Source::Refund(id) => {
            let refund = books.refunds.get(&id).filter(|refund| refund.status == RefundStatus::Succeeded);
            refund.map(|refund| -refund.money.amount.get())
        }
        Source::DisputeOpened(id) => dispute(id).map(|it| -it.money.amount.get()),
        Source::DisputeWon(id) => {
            dispute(id).filter(|it| it.status == DisputeStatus::Won).map(|it| it.money.amount.get())
        }
        Source::DisputeLost(id) => dispute(id).filter(|it| it.status == DisputeStatus::Lost).map(|_| 0),
        Source::Reversal(_) => None,
    };
    let of_payment = match source {
        Source::Charge(id) => Some(id),
        Source::Refund(id) => books.refunds.get(&id).map(|refund| refund.payment),
        Source::DisputeOpened(id) | Source::DisputeWon(id) | Source::DisputeLost(id) => {
            dispute(id).map(|dispute| dispute.payment)
        }
        Source::Reversal(_) => None,
    };
    let money = of_payment.and_then(|id| books.payments.get(&id)).map(|payment| payment.money);
    let currency = money.map(|money| money.currency);
    let is_labelled = |entry: &Entry| {
        (entry.payment, Some(entry.account.currency), entry.transaction) == (of_payment, currency, transaction.id())
    };
    let stray = transaction.entries().iter().find(|entry| !is_labelled(entry));
    ensure(stray.is_none(), || format!("{source} has an entry of something else: {stray:?}"))?;
    let entries = transaction.entries().iter().filter(|entry| entry.account.kind == AccountKind::Merchant);
    let booked: i64 = entries.map(|entry| entry.amount).sum();
    ensure(to_merchant == Some(booked), || format!("{source} books {booked} and stands for {to_merchant:?}"))
}

/// What refunds under way have reserved.
fn pending(books: &Books) -> Sums<(TenantId, AccountId)> {
    let mut pending = Sums::new();
    for refund in books.refunds.values().filter(|refund| refund.status == RefundStatus::Processing) {
        for (kind, sign) in [(AccountKind::Clearing, 1), (AccountKind::Merchant, -1)] {
            let account = AccountId { kind, currency: refund.money.currency };
            *pending.entry((refund.tenant, account)).or_default() += sign * refund.money.amount.get();
        }
    }
    pending
}

fn balances(contents: &Contents, posted: &Sums<(TenantId, AccountId)>, pending: &Sums<(TenantId, AccountId)>) -> Holds {
    let mut totals: Sums<(TenantId, Currency)> = Sums::new();
    for (tenant, balance) in &contents.balances {
        let place = (*tenant, balance.account);
        let sum = |of: &Sums<_>| of.get(&place).copied().unwrap_or(0);
        let told = (balance.posted, balance.pending);
        let booked = (sum(posted), sum(pending));
        ensure(told == booked, || format!("{tenant} {} shows {told:?}, booked is {booked:?}", balance.account))?;
        *totals.entry((*tenant, balance.account.currency)).or_default() += balance.posted;
    }
    let shown = |place: &&(TenantId, AccountId)| contents.balances.iter().any(|it| (it.0, it.1.account) == **place);
    let hidden = posted.keys().find(|place| !shown(place));
    ensure(hidden.is_none(), || format!("booked on an account without a balance: {hidden:?}"))?;
    ensure(totals.values().all(|total| *total == 0), || format!("the ledger does not sum to zero: {totals:?}"))
}
