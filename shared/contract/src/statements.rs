//! Statements with their lines and differences, and what has a provider's reference.

use std::time::Duration;

use domain::dispute::Dispute;
use domain::ids::{StatementId, TenantId};
use domain::ledger::Source;
use domain::payment::Payment;
use domain::refund::{Refund, RefundVerdict};
use domain::statement::{
    Comparison, Counts, Difference, DifferenceKind, LineKind, NewStatement, Ours, Reference, Statement,
    StatementFailure, StatementLine, compare, movements,
};
use domain::time::Timestamp;
use ports::PortErrorKind;
use ports::clock::Clock;
use ports::commerce::{Change, Commit, CommitError, Consistency};
use ports::statement::{DIFFERENCES_MAX, Referenced};

use crate::builders::{captured_payment, charge, currency, dispute, payment, refund, statement, statement_input};
use crate::outcome::write_changes;
use crate::pages::assert_lists;
use crate::{CommerceTable, World};

/// More than fit on one of the store's pages, whatever their size.
const MANY: usize = 1_000;

async fn create(table: CommerceTable<'_>, statement: &Statement, lines: &[StatementLine], now: Timestamp) {
    let change = Change::CreateStatement { statement: statement.clone(), lines: lines.to_vec() };
    write_changes(table.commerce, statement.tenant, [change], now).await;
}

async fn stored(table: CommerceTable<'_>, tenant: TenantId, id: StatementId) -> Option<Statement> {
    table.statements.get(tenant, id, Consistency::Strong).await.expect("a statement is read")
}

async fn lines(table: CommerceTable<'_>, tenant: TenantId, id: StatementId) -> Vec<StatementLine> {
    table.statements.lines(tenant, id).await.expect("lines are read")
}

fn line(number: u32, kind: LineKind) -> StatementLine {
    let reference: Reference = format!("ch_{number}").parse().expect("a reference");
    let occurred_at = number.is_multiple_of(2).then(|| Timestamp::from_ms(i64::from(number)));
    StatementLine { number, kind, reference, amount: -i64::from(number), currency: currency("EUR"), occurred_at }
}

pub async fn every_field_of_a_statement_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let input = statement_input(world.mint());
    let full = statement(tenant, world.mint());
    let of_all_currencies = Statement { id: world.id(), currency: None, ..full.clone() };
    let counts = Counts {
        matched: 3,
        not_compared: 2,
        differences: (1..).zip(DifferenceKind::ALL).map(|(count, kind)| (*kind, count)).collect(),
    };
    let ended = Statement { id: world.id(), ..full.conclude(Ok(counts), world.now()) };
    let failure = Err(StatementFailure::TooManyTransactions);
    let failed = Statement { id: world.id(), ..full.conclude(failure, world.now()) };
    for expected in [full, of_all_currencies, ended, failed] {
        create(table, &expected, &input.lines, world.now()).await;
        assert_eq!(stored(table, tenant, expected.id).await.as_ref(), Some(&expected));
        assert_eq!(stored(table, world.tenant(), expected.id).await, None, "another tenant's");
        assert_eq!(lines(table, tenant, expected.id).await, input.lines);
        assert_eq!(lines(table, world.tenant(), expected.id).await, [], "another tenant's");
    }
}

pub async fn all_lines_of_a_statement_come_in_their_order(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let kinds = LineKind::ALL.iter().cycle();
    let many: Vec<StatementLine> = (1..).zip(kinds).take(MANY).map(|(number, kind)| line(number, *kind)).collect();
    let input = NewStatement { lines: many, ..statement_input(world.mint()) };
    let statement = Statement::new(world.id(), tenant, &input, world.now());
    create(table, &statement, &input.lines, world.now()).await;
    assert_eq!(lines(table, tenant, statement.id).await, input.lines);
}

/// One of each form, many times over.
fn differences(world: &World, tenant: TenantId) -> Vec<Difference> {
    let paid = captured_payment(tenant, world.mint());
    let posted = charge(&paid, world.mint()).transaction.expect("a charge posts a transaction");
    let movement = movements(posted.entries())[0];
    let named = Ours { source: Some(posted.source()), movement: Some(movement) };
    let under_way = Ours { source: Some(Source::Refund(world.id())), movement: None };
    let of_nobody = Ours { source: None, movement: Some(movement) };
    let kinds = DifferenceKind::ALL.iter().cycle();
    let forms = [(true, None), (false, Some(of_nobody)), (true, Some(named)), (true, Some(under_way))];
    let all = (1..).zip(kinds).zip(forms.into_iter().cycle());
    let difference = |((number, kind), (has_line, ours)): ((u32, &DifferenceKind), (bool, Option<Ours>))| Difference {
        kind: *kind,
        line: has_line.then(|| line(number, LineKind::Refund)),
        ours,
    };
    all.take(MANY).map(difference).collect()
}

pub async fn any_part_of_the_differences_is_read_in_their_order(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let new = statement(tenant, world.mint());
    create(table, &new, &statement_input(world.mint()).lines, world.now()).await;
    let all = differences(&world, tenant);
    let ended = new.conclude(Ok(Counts::default()), world.now());
    let change = Change::ConcludeStatement { statement: ended.clone(), differences: all.clone() };
    write_changes(table.commerce, tenant, [change], world.now()).await;
    assert_eq!(stored(table, tenant, new.id).await, Some(ended));
    let read = async |range| table.statements.differences(tenant, new.id, range).await;
    for range in [0..1, 0..100, 99..101, 50..150, 100..200, 250..251, 980..1_000, 990..1_050, 5..5] {
        let expected = &all[range.start as usize..(range.end as usize).min(MANY)];
        assert_eq!(read(range.clone()).await.expect("differences are read"), expected, "{range:?}");
    }
    let refused = read(0..DIFFERENCES_MAX + 1).await.expect_err("more than one read gives");
    assert_eq!(refused.kind, PortErrorKind::Rejected);
    let of_others = table.statements.differences(world.tenant(), new.id, 0..10).await.expect("read");
    assert_eq!(of_others, [], "another tenant's");
}

pub async fn a_statement_ends_once(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let new = statement(tenant, world.mint());
    let input = statement_input(world.mint());
    create(table, &new, &input.lines, now).await;
    let commit = async |change| {
        table.commerce.commit(Commit { tenant, record: None, changes: vec![change], events: Vec::new(), now }).await
    };
    let again = Change::CreateStatement { statement: new.clone(), lines: Vec::new() };
    assert!(matches!(commit(again).await, Err(CommitError::Stale)), "created twice");
    assert_eq!(lines(table, tenant, new.id).await, input.lines);

    let Comparison { counts, differences } = compare(&input.lines, &[].into(), &[]);
    let end = |statement, differences| Change::ConcludeStatement { statement, differences };
    let ended = new.conclude(Ok(counts), now);
    commit(end(ended.clone(), differences.clone())).await.expect("it was under way");
    let other = new.conclude(Err(StatementFailure::TooManyTransactions), now);
    assert!(matches!(commit(end(other, Vec::new())).await, Err(CommitError::Stale)), "ended twice");
    let of_nobody = Statement { id: world.id(), ..ended.clone() };
    assert!(matches!(commit(end(of_nobody, Vec::new())).await, Err(CommitError::Stale)), "there is none");
    assert_eq!(stored(table, tenant, new.id).await, Some(ended));
    let kept = table.statements.differences(tenant, new.id, 0..100).await.expect("differences are read");
    assert_eq!(kept, differences);
}

pub async fn statements_come_newest_first(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut statements = Vec::new();
    for _ in 0..5 {
        world.advance(Duration::from_millis(1));
        statements.push(statement(tenant, world.mint()));
        let input = statement_input(world.mint());
        create(table, &statements[statements.len() - 1], &input.lines, world.now()).await;
    }
    statements.reverse();
    assert_lists("statements", &statements, async |page| table.statements.list(tenant, page).await).await;
    let stranger = world.tenant();
    assert_lists("a stranger's statements", &[], async |page| table.statements.list(stranger, page).await).await;
}

/// The store may hold others' overdue statements: this one asks twenty years before the other contracts do.
pub async fn statements_are_due_until_they_end(table: CommerceTable<'_>, seed: u128) {
    const ENOUGH: usize = 10_000;
    let world = World::new(seed);
    world.set(world.now().minus(Duration::from_secs(20 * 365 * 24 * 60 * 60)));
    let tenant = world.tenant();
    let new = statement(tenant, world.mint());
    create(table, &new, &statement_input(world.mint()).lines, world.now()).await;
    let is_due = async |now| {
        let due = table.statements.due(now, ENOUGH).await.expect("due statements are read");
        due.contains(&(tenant, new.id))
    };
    let check_at = new.check_at.expect("it is under way");
    assert!(!is_due(check_at.minus(Duration::from_millis(1))).await, "due before its time");
    assert!(is_due(check_at).await, "not due at its time");
    let ended = new.conclude(Ok(Counts::default()), check_at);
    let change = Change::ConcludeStatement { statement: ended, differences: Vec::new() };
    write_changes(table.commerce, tenant, [change], check_at).await;
    assert!(!is_due(check_at).await, "due though it has ended");
}

pub async fn what_a_provider_calls_so_is_found_by_its_reference(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let named = |reference: &str| Payment {
        provider_reference: Some(reference.to_owned()),
        ..captured_payment(tenant, world.mint())
    };
    let paid = named("ch_one");
    let of_wallet = named("");
    let own = Source::Charge(of_wallet.id).to_string();
    let of_wallet = Payment { provider_reference: Some(own.clone()), ..of_wallet };
    let unnamed = payment(tenant, world.mint());
    let returned = refund(&paid, world.mint());
    let dispute = Dispute { provider_reference: "ch_one".to_owned(), ..dispute(tenant, world.mint()) };
    let changes = [
        Change::CreatePayment(paid.clone()),
        Change::CreatePayment(of_wallet),
        Change::CreatePayment(unnamed),
        Change::CreateRefund(returned.clone()),
        Change::CreateDispute(dispute.clone()),
    ];
    write_changes(table.commerce, tenant, changes, now).await;
    let found = async |tenant, reference: &str| {
        let reference = reference.parse().expect("a reference");
        let mut found = table.references.referenced(tenant, &reference).await.expect("references are read");
        found.sort_unstable();
        found
    };
    let both = [Referenced::Payment(paid.id), Referenced::Dispute(dispute.id)];
    assert_eq!(found(tenant, "ch_one").await, both);
    assert_eq!(found(world.tenant(), "ch_one").await, [], "another tenant's");
    for other in ["ch_", "ch_on", "ch_one2", own.as_str(), "re_one"] {
        assert_eq!(found(tenant, other).await, [], "{other}");
    }
    let pending = returned.conclude(&RefundVerdict::Pending { reference: "re_one".to_owned() }, now);
    let pending: Refund = pending.expect("it is processing");
    write_changes(table.commerce, tenant, [Change::UpdateRefund(pending)], now).await;
    assert_eq!(found(tenant, "re_one").await, [Referenced::Refund(paid.id, returned.id)]);
}
