//! A provider's statement and its differences on the wire.

use std::collections::BTreeMap;

use domain::ledger::Source;
use domain::statement::{Counts, Difference, DifferenceKind, Movement, Ours, Period, Statement, StatementLine};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct StatementView<'a> {
    id: String,
    provider: &'a str,
    from: String,
    to: String,
    currency: Option<&'static str>,
    status: &'static str,
    lines: u32,
    counts: Option<CountsView>,
    failure: Option<&'static str>,
    created_at: String,
    updated_at: String,
}

/// Every kind of difference is there, also where there is none of it.
#[derive(Serialize)]
struct CountsView {
    matched: u32,
    not_compared: u32,
    #[serde(flatten)]
    differences: BTreeMap<&'static str, u32>,
}

impl From<&Counts> for CountsView {
    fn from(counts: &Counts) -> Self {
        let differences = DifferenceKind::ALL.iter().map(|kind| (kind.as_str(), counts.of(*kind)));
        Self { matched: counts.matched, not_compared: counts.not_compared, differences: differences.collect() }
    }
}

pub fn statement(statement: &Statement) -> String {
    let Statement {
        id,
        tenant: _,
        provider,
        period: Period { from, to },
        currency,
        lines,
        status,
        counts,
        failure,
        check_at: _,
        created_at,
        updated_at,
        version: _,
    } = statement;
    json(&StatementView {
        id: id.to_string(),
        provider: provider.as_str(),
        from: rfc3339(*from),
        to: rfc3339(*to),
        currency: currency.map(|currency| currency.code()),
        status: status.as_str(),
        lines: *lines,
        counts: counts.as_ref().map(CountsView::from),
        failure: failure.map(|failure| failure.as_str()),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

#[derive(Serialize)]
struct DifferenceView<'a> {
    kind: &'static str,
    line: Option<LineView<'a>>,
    ledger: Option<LedgerView>,
}

#[derive(Serialize)]
struct LineView<'a> {
    number: u32,
    kind: &'static str,
    reference: &'a str,
    amount: i64,
    currency: &'static str,
    occurred_at: Option<String>,
}

/// What we have: of a movement that no line names, the transaction and its payment; of what is under way, its id alone.
#[derive(Serialize)]
struct LedgerView {
    object_id: Option<String>,
    payment_id: Option<String>,
    transaction_id: Option<String>,
    amount: Option<i64>,
    currency: Option<&'static str>,
    posted_at: Option<String>,
}

pub fn difference(difference: &Difference) -> String {
    let Difference { kind, line, ours } = difference;
    json(&DifferenceView {
        kind: kind.as_str(),
        line: line.as_ref().map(line_view),
        ledger: ours.as_ref().map(ledger_view),
    })
}

fn line_view(line: &StatementLine) -> LineView<'_> {
    let StatementLine { number, kind, reference, amount, currency, occurred_at } = line;
    LineView {
        number: *number,
        kind: kind.as_str(),
        reference: reference.as_str(),
        amount: *amount,
        currency: currency.code(),
        occurred_at: occurred_at.map(rfc3339),
    }
}

fn ledger_view(ours: &Ours) -> LedgerView {
    let Ours { source, movement } = ours;
    let Movement { transaction, payment, amount, currency, posted_at } = match movement {
        Some(movement) => *movement,
        None => return under_way(*source),
    };
    LedgerView {
        object_id: source.map(object_id),
        payment_id: payment.map(|payment| payment.to_string()),
        transaction_id: Some(transaction.to_string()),
        amount: Some(amount),
        currency: Some(currency.code()),
        posted_at: Some(rfc3339(posted_at)),
    }
}

fn under_way(source: Option<Source>) -> LedgerView {
    LedgerView {
        object_id: source.map(object_id),
        payment_id: None,
        transaction_id: None,
        amount: None,
        currency: None,
        posted_at: None,
    }
}

/// The payment, refund or dispute.
fn object_id(source: Source) -> String {
    match source {
        Source::Charge(id) => id.to_string(),
        Source::Refund(id) => id.to_string(),
        Source::DisputeOpened(id) | Source::DisputeWon(id) | Source::DisputeLost(id) => id.to_string(),
        Source::Reversal(id) => id.to_string(),
    }
}
