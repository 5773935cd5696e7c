//! A statement ends with one result for each of its lines and for each movement that no line names, and is told of once.
//! What it calls matched or different is so, by the ledger (C7).

use std::collections::BTreeSet;

use domain::event::EventType;
use domain::ledger::Source;
use domain::statement::{Difference, DifferenceKind, LineKind, Ours, Statement, StatementStatus, movements};
use memory::Contents;

use super::{Books, Holds, ensure};

pub(super) fn hold(contents: &Contents, books: &Books) -> Holds {
    contents.statements.iter().try_for_each(|statement| holds(statement, contents, books))
}

fn of_source(difference: &Difference) -> Option<Source> {
    difference.ours.and_then(|ours| ours.source)
}

fn holds(statement: &Statement, contents: &Contents, books: &Books) -> Holds {
    let Statement { id, status, counts, check_at, .. } = statement;
    for (kind, of_status) in [
        (EventType::StatementCreated, true),
        (EventType::StatementSucceeded, *status == StatementStatus::Succeeded),
        (EventType::StatementFailed, *status == StatementStatus::Failed),
    ] {
        let told = books.events_of(&id.to_string(), kind);
        ensure(told == usize::from(of_status), || format!("{id} is {status:?}, {kind:?} was told {told} times"))?;
    }
    let is_awaited = check_at.is_some();
    ensure(is_awaited == (*status == StatementStatus::Processing), || format!("{id} is {status:?}: {check_at:?}"))?;
    let Some(counts) = counts else { return Ok(()) };
    let all = contents.differences.iter().filter(|(of, _)| of == id).flat_map(|(_, all)| all);
    let of_lines: Vec<u32> = all.clone().filter_map(|it| Some(it.line.as_ref()?.number)).collect();
    let told_once: BTreeSet<u32> = of_lines.iter().copied().collect();
    let told = counts.matched as usize + counts.not_compared as usize + told_once.len();
    let is_complete = told == statement.lines as usize && told_once.len() == of_lines.len();
    ensure(is_complete, || format!("{id} has {} lines, of which {counts:?} and {of_lines:?}", statement.lines))?;
    let under_way = |source| all.clone().any(|it| it.kind == DifferenceKind::NotFinal && of_source(it) == Some(source));
    all.clone().try_for_each(|difference| {
        let Some(Ours { movement: Some(movement), .. }) = difference.ours else { return Ok(()) };
        let posted = contents.transactions.iter().find(|transaction| transaction.id() == movement.transaction);
        let is_posted = posted.is_some_and(|posted| movements(posted.entries()) == [movement]);
        let line = difference.line.as_ref();
        let differs = match difference.kind {
            DifferenceKind::AmountDiffers => line.is_some_and(|line| line.amount != movement.amount),
            DifferenceKind::CurrencyDiffers => line.is_some_and(|line| line.currency != movement.currency),
            DifferenceKind::MissingAtProvider => {
                let is_told_twice = posted.is_some_and(|posted| under_way(posted.source()));
                line.is_none() && statement.period.has(movement.posted_at) && !is_told_twice
            }
            DifferenceKind::DuplicateLine => line.is_some_and(|line| line.kind != LineKind::Fee),
            DifferenceKind::MissingInLedger | DifferenceKind::NotFinal => false,
        };
        ensure(is_posted && differs, || format!("{id} tells what is not so: {difference:?}"))
    })
}
