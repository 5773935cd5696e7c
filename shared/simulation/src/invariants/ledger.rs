//! The ledger: every transaction sums to zero, stands for something that happened and for nothing twice, and the balances are
//! the sums of the entries (C1, C2).

use std::collections::{BTreeMap, BTreeSet};

use domain::dispute::{Dispute, DisputeStatus};
use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind, Entry, Source, Transaction, accounts_of};
use domain::money::Currency;
use domain::payment::Payment;
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
    let mut places: BTreeSet<(TenantId, AccountId)> = BTreeSet::new();
    for payment in touched.payments.iter().filter_map(|id| books.payments.get(id)) {
        is_posted(books, store, payment.tenant, Source::Charge(payment.id), payment.captured > 0)?;
        let currency = payment.money.currency;
        let derived = AccountKind::ALL.map(|kind| AccountId { kind, currency });
        places.extend(derived.into_iter().chain(accounts_of(payment)).map(|account| (payment.tenant, account)));
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
    for (tenant, account) in places {
        let booked = books.owed(tenant, account);
        let shown = store.balance_of(tenant, account).map_or((0, 0), |it| (it.posted, it.pending));
        ensure(shown == booked, || format!("{tenant} {account} shows {shown:?}, it should be {booked:?}"))?;
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
    let Some(Moved { of, from, to, amount, fee }) = moved(books, source) else {
        return Err(format!("{source} is booked and stands for nothing that happened"));
    };
    let fees = AccountId { kind: AccountKind::Fees, ..from };
    let mut expected = vec![(from, -amount), (to, amount - fee), (fees, fee)];
    expected.retain(|(_, amount)| *amount != 0);
    let mut booked: Vec<_> = transaction.entries().iter().map(|entry| (entry.account, entry.amount)).collect();
    expected.sort_unstable();
    booked.sort_unstable();
    ensure(booked == expected, || format!("{source} books {booked:?} and stands for {expected:?}"))?;
    let is_labelled = |entry: &Entry| (entry.payment, entry.transaction) == (Some(of.id), transaction.id());
    let stray = transaction.entries().iter().find(|entry| !is_labelled(entry));
    ensure(stray.is_none(), || format!("{source} has an entry of something else: {stray:?}"))
}

/// Money that went from one account to another for a payment.
struct Moved<'a> {
    of: &'a Payment,
    from: AccountId,
    to: AccountId,
    amount: i64,
    /// What of it the operator keeps.
    fee: i64,
}

fn moved(books: &Books, source: Source) -> Option<Moved<'_>> {
    let of_dispute = |id, from, to| {
        let dispute: &Dispute = books.disputes.get(&id)?;
        let payment = books.payments.get(&dispute.payment)?;
        let account = |kind| AccountId { kind, currency: payment.money.currency };
        let moved =
            Moved { of: payment, from: account(from), to: account(to), amount: dispute.money.amount.get(), fee: 0 };
        Some((dispute.status, moved))
    };
    match source {
        Source::Charge(id) => {
            let payment = books.payments.get(&id)?;
            let [from, to] = accounts_of(payment);
            Some(Moved { of: payment, from, to, amount: payment.captured, fee: payment.fee })
        }
        Source::Refund(id) => {
            let refund = books.refunds.get(&id).filter(|refund| refund.status == RefundStatus::Succeeded)?;
            let payment = books.payments.get(&refund.payment)?;
            let [from, to] = accounts_of(payment);
            Some(Moved { of: payment, from: to, to: from, amount: refund.money.amount.get(), fee: 0 })
        }
        Source::DisputeOpened(id) => {
            of_dispute(id, AccountKind::Merchant, AccountKind::Disputes).map(|(_, moved)| moved)
        }
        Source::DisputeWon(id) => of_dispute(id, AccountKind::Disputes, AccountKind::Merchant)
            .filter(|(status, _)| *status == DisputeStatus::Won)
            .map(|(_, moved)| moved),
        Source::DisputeLost(id) => of_dispute(id, AccountKind::Disputes, AccountKind::Clearing)
            .filter(|(status, _)| *status == DisputeStatus::Lost)
            .map(|(_, moved)| moved),
        Source::Reversal(_) => None,
    }
}

/// What refunds under way have reserved.
fn pending(books: &Books) -> Sums<(TenantId, AccountId)> {
    let mut pending = Sums::new();
    for refund in books.refunds.values().filter(|refund| refund.status == RefundStatus::Processing) {
        let Some(payment) = books.payments.get(&refund.payment) else { continue };
        let [from, to] = accounts_of(payment);
        let amount = refund.money.amount.get();
        *pending.entry((refund.tenant, to)).or_default() -= amount;
        if from.kind == AccountKind::Clearing {
            *pending.entry((refund.tenant, from)).or_default() += amount;
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
