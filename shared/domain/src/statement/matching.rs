//! Which of the ledger's transactions each line of a statement stands for, and what differs. Pure: what the ledger has is
//! given. What a provider has moved is the other side of what clearing and disputes hold: it takes the money of a dispute
//! when that opens, when we book it to `disputes`, and nothing more when it is lost, when we book it on to `clearing`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Counts, Difference, DifferenceKind, LineKind, Period, Reference, StatementLine};
use crate::ids::{EntryId, PaymentId, TransactionId};
use crate::ledger::{AccountKind, Entry, Source};
use crate::money::Currency;
use crate::time::Timestamp;
use crate::verification::ID_SKEW_MAX;

/// What a posted transaction means at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Movement {
    pub transaction: TransactionId,
    pub payment: Option<PaymentId>,
    /// Signed as in a statement.
    pub amount: i64,
    pub currency: Currency,
    pub posted_at: Timestamp,
}

/// What we have for a line, or have without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ours {
    /// What it is about; not known of a movement that no line names.
    pub source: Option<Source>,
    /// None while it is under way.
    pub movement: Option<Movement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub counts: Counts,
    /// By kind, then as they are in the statement, those of the ledger alone in the order of their transactions.
    pub differences: Vec<Difference>,
}

/// What a line's reference names where it is one of our ids, plain or as providers are given it, with the number of a try.
pub fn own_id(kind: LineKind, reference: &Reference) -> Option<Source> {
    let text = reference.as_str();
    let tried = text.rsplit_once('-').filter(|(_, attempt)| attempt.parse::<u32>().is_ok());
    let plain = tried.map_or(text, |(id, _)| id);
    match kind {
        LineKind::Charge => plain.parse().ok().map(Source::Charge),
        LineKind::Refund => plain.parse().ok().map(Source::Refund),
        LineKind::Dispute => text.parse().ok().map(Source::DisputeOpened),
        LineKind::DisputeReversal => text.parse().ok().map(Source::DisputeWon),
        LineKind::Fee => None,
    }
}

/// The ids among which the entries of a period lie: after the first, below the second. Which of them it has, their
/// `created_at` decides.
pub fn entry_range(period: Period) -> (EntryId, EntryId) {
    let first = EntryId::floor_at(period.from.minus(ID_SKEW_MAX)).as_u128();
    (EntryId::from_u128(first.saturating_sub(1)), EntryId::floor_at(period.to.plus(ID_SKEW_MAX)))
}

/// The movements behind entries of any accounts, by transaction: those of clearing and disputes together, turned. A
/// transaction that moves nothing at the provider has none.
pub fn movements<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<Movement> {
    let mut sums: BTreeMap<TransactionId, Movement> = BTreeMap::new();
    for entry in entries {
        let is_at_provider = match entry.account.kind {
            AccountKind::Clearing | AccountKind::Disputes => true,
            AccountKind::Fees | AccountKind::Merchant | AccountKind::Wallet(_) => false,
        };
        if is_at_provider {
            let Entry { id: _, transaction, account, amount: _, payment, created_at } = *entry;
            let nothing =
                Movement { transaction, payment, amount: 0, currency: account.currency, posted_at: created_at };
            sums.entry(transaction).or_insert(nothing).amount -= entry.amount;
        }
    }
    sums.into_values().filter(|movement| movement.amount != 0).collect()
}

/// What two lines must have in common to stand for the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Meaning<'a> {
    Known(Source),
    Unknown(LineKind, &'a Reference),
}

/// `ours` is what the lines' references have been found to name; `posted` the movements of the period. Each line comes to
/// exactly one result, whatever the order of the lines.
pub fn compare(
    lines: &[StatementLine],
    ours: &BTreeMap<(LineKind, Reference), Ours>,
    posted: &[Movement],
) -> Comparison {
    let mut counts = Counts::default();
    let mut differences = Vec::new();
    let mut by_meaning: BTreeMap<Meaning<'_>, Vec<(&StatementLine, Option<Ours>)>> = BTreeMap::new();
    for line in lines {
        if line.kind == LineKind::Fee {
            counts.not_compared += 1;
            continue;
        }
        let found = ours.get(&(line.kind, line.reference.clone())).copied();
        let source = found.and_then(|ours| ours.source);
        let meaning = source.map_or(Meaning::Unknown(line.kind, &line.reference), Meaning::Known);
        by_meaning.entry(meaning).or_default().push((line, found));
    }
    let mut named = BTreeSet::new();
    for mut group in by_meaning.into_values() {
        group.sort_by_key(|(line, found)| order_of_fit(line, *found));
        for (index, (line, found)) in group.into_iter().enumerate() {
            named.extend(found.and_then(|ours| ours.movement).map(|movement| movement.transaction));
            let kind = if index == 0 { verdict(line, found) } else { Some(DifferenceKind::DuplicateLine) };
            match kind {
                None => counts.matched += 1,
                Some(kind) => differences.push(Difference { kind, line: Some(line.clone()), ours: found }),
            }
        }
    }
    let unnamed: BTreeSet<&Movement> =
        posted.iter().filter(|movement| !named.contains(&movement.transaction)).collect();
    differences.extend(unnamed.into_iter().map(|movement| Difference {
        kind: DifferenceKind::MissingAtProvider,
        line: None,
        ours: Some(Ours { source: None, movement: Some(*movement) }),
    }));
    differences.sort_by_key(|difference| {
        let Difference { kind, line, ours } = difference;
        (*kind, line.as_ref().map(|line| line.number), *ours)
    });
    for difference in &differences {
        *counts.differences.entry(difference.kind).or_default() += 1;
    }
    Comparison { counts, differences }
}

/// Of lines that stand for the same, the one that fits best is it; the rest are duplicates. The number decides last, between
/// lines that are alike.
fn order_of_fit(line: &StatementLine, found: Option<Ours>) -> impl Ord + use<> {
    let movement = found.and_then(|ours| ours.movement);
    let fits_currency = movement.is_some_and(|movement| movement.currency == line.currency);
    let fits_amount = movement.is_some_and(|movement| movement.amount == line.amount);
    let StatementLine { number, kind: _, reference, amount, currency, occurred_at } = line.clone();
    (!fits_currency, !fits_amount, amount, currency, occurred_at, reference, number)
}

/// What a line comes to that no other stands beside; none where it agrees.
fn verdict(line: &StatementLine, found: Option<Ours>) -> Option<DifferenceKind> {
    let Some(ours) = found else { return Some(DifferenceKind::MissingInLedger) };
    let Some(movement) = ours.movement else { return Some(DifferenceKind::NotFinal) };
    if movement.currency != line.currency {
        return Some(DifferenceKind::CurrencyDiffers);
    }
    if movement.amount != line.amount {
        return Some(DifferenceKind::AmountDiffers);
    }
    None
}
