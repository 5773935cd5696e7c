//! The ledger: every transaction sums to zero, stands for something that happened and for nothing twice, and the balances are
//! the sums of the entries (C1, C2).

use std::collections::BTreeMap;

use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind, Source, Transaction, accounts_of};
use domain::money::Currency;
use domain::refund::RefundStatus;
use memory::Contents;

use super::{Books, Holds, ensure};

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
    let count = contents.transactions.len();
    ensure(count == captured + refunded, || {
        format!("{count} transactions for {captured} charges, {refunded} refunds")
    })?;
    balances(contents, &posted, &pending(books))
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
    let moved = match source {
        Source::Charge(id) => books.payments.get(&id).map(|payment| (payment, payment.captured)),
        Source::Refund(id) => {
            let refund = books.refunds.get(&id).filter(|refund| refund.status == RefundStatus::Succeeded);
            refund.and_then(|it| Some((books.payments.get(&it.payment)?, -it.money.amount.get())))
        }
        Source::Reversal(_) => None,
    };
    let expected = moved.map(|(payment, amount)| {
        let [from, to] = accounts_of(payment);
        BTreeMap::from([(from, -amount), (to, amount)])
    });
    let booked = Some(transaction.entries().iter().map(|entry| (entry.account, entry.amount)).collect());
    ensure(expected == booked, || format!("{source} books {booked:?} and stands for {expected:?}"))
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
