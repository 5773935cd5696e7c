//! Matching a statement: a table of verdicts, and what holds of any statement and any ledger.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::dispute::{Dispute, DisputeReason, DisputeReport, DisputeStatus};
use crate::ids::{DisputeId, EntryId, PaymentId, RefundId, TransactionId, WalletId};
use crate::ledger::{self, AccountId, AccountKind, Entry, Source, TransactionIds};
use crate::money::Money;

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

fn line(number: u32, kind: LineKind, name: &str, amount: i64, code: &str) -> StatementLine {
    StatementLine { number, kind, reference: reference(name), amount, currency: currency(code), occurred_at: None }
}

fn movement(transaction: u128, amount: i64, code: &str) -> Movement {
    let payment = Some(PaymentId::from_u128(transaction));
    let transaction = TransactionId::from_u128(transaction);
    Movement { transaction, payment, amount, currency: currency(code), posted_at: Timestamp::from_ms(5) }
}

fn charge(id: u128, movement: Option<Movement>) -> Ours {
    Ours { source: Some(Source::Charge(PaymentId::from_u128(id))), movement }
}

/// Kind and, where there is one, the line's number.
fn told(comparison: &Comparison) -> Vec<(DifferenceKind, Option<u32>)> {
    comparison.differences.iter().map(|it| (it.kind, it.line.as_ref().map(|line| line.number))).collect()
}

#[test]
fn each_kind_of_difference() {
    use DifferenceKind as D;
    use LineKind::{Charge, Fee, Refund};
    let lines = [
        line(1, Charge, "right", 100, "EUR"),
        line(2, Charge, "less", 90, "EUR"),
        line(3, Charge, "dollars", 90, "USD"),
        line(4, Charge, "unknown", 100, "EUR"),
        line(5, Charge, "open", 100, "EUR"),
        line(6, Charge, "right", 100, "EUR"),
        line(7, Fee, "right", -3, "EUR"),
        line(8, Refund, "right", -100, "EUR"),
        line(9, Charge, "unknown", 100, "EUR"),
    ];
    let found = |name: &str, ours| ((Charge, reference(name)), ours);
    let ours = BTreeMap::from([
        found("right", charge(1, Some(movement(1, 100, "EUR")))),
        found("less", charge(2, Some(movement(2, 100, "EUR")))),
        found("dollars", charge(3, Some(movement(3, 100, "EUR")))),
        found("open", charge(5, None)),
    ]);
    let posted = [1, 2, 3, 9].map(|id| movement(id, 100, "EUR"));
    let comparison = compare(&lines, &ours, &posted);
    let expected = [
        (D::MissingInLedger, Some(4)),
        (D::MissingInLedger, Some(8)),
        (D::MissingAtProvider, None),
        (D::AmountDiffers, Some(2)),
        (D::CurrencyDiffers, Some(3)),
        (D::DuplicateLine, Some(6)),
        (D::DuplicateLine, Some(9)),
        (D::NotFinal, Some(5)),
    ];
    assert_eq!(told(&comparison), expected);
    assert_eq!((comparison.counts.matched, comparison.counts.not_compared), (1, 1));
    let unnamed = comparison.differences[2].ours.expect("a movement");
    assert_eq!(unnamed, Ours { source: None, movement: Some(movement(9, 100, "EUR")) });
    assert_eq!(comparison.counts.range_of(Some(D::AmountDiffers)), 3..4);
    assert_eq!(comparison.counts.range_of(Some(D::NotFinal)), 7..8);
    assert_eq!(comparison.counts.range_of(None), 0..8);
}

#[test]
fn of_lines_for_the_same_the_one_that_fits_is_it() {
    let lines = [line(1, LineKind::Charge, "a", 90, "EUR"), line(2, LineKind::Charge, "b", 100, "EUR")];
    let same = charge(1, Some(movement(1, 100, "EUR")));
    let ours = ["a", "b"].map(|name| ((LineKind::Charge, reference(name)), same)).into();
    assert_eq!(told(&compare(&lines, &ours, &[])), [(DifferenceKind::DuplicateLine, Some(1))]);
}

#[test]
fn our_own_ids_are_references_with_or_without_the_number_of_a_try() {
    let payment = PaymentId::from_u128(7);
    let refund = RefundId::from_u128(8);
    let dispute = DisputeId::from_u128(9);
    for (kind, text, expected) in [
        (LineKind::Charge, payment.to_string(), Some(Source::Charge(payment))),
        (LineKind::Charge, format!("{payment}-2"), Some(Source::Charge(payment))),
        (LineKind::Charge, format!("{payment}-x"), None),
        (LineKind::Charge, refund.to_string(), None),
        (LineKind::Refund, format!("{refund}-1"), Some(Source::Refund(refund))),
        (LineKind::Refund, "re_1".to_owned(), None),
        (LineKind::Dispute, dispute.to_string(), Some(Source::DisputeOpened(dispute))),
        (LineKind::DisputeReversal, dispute.to_string(), Some(Source::DisputeWon(dispute))),
        (LineKind::Fee, payment.to_string(), None),
    ] {
        assert_eq!(own_id(kind, &reference(&text)), expected, "{kind:?} {text}");
    }
}

#[test]
fn what_a_posting_moves_at_the_provider() {
    let money = Money { amount: Amount::new(70).expect("valid"), currency: currency("EUR") };
    let report = DisputeReport {
        reference: "dp_1".into(),
        money,
        reason: DisputeReason::Other,
        status: DisputeStatus::NeedsResponse,
        respond_by: None,
    };
    let (tenant, payment, now) = (TenantId::from_u128(1), PaymentId::from_u128(2), Timestamp::from_ms(5));
    let dispute = Dispute::open(DisputeId::from_u128(3), tenant, payment, &report, now);
    let ids = |n| TransactionIds {
        transaction: TransactionId::from_u128(n),
        entries: [3 * n, 3 * n + 1, 3 * n + 2].map(EntryId::from_u128),
    };
    // The money of a dispute goes when it opens and comes back when it is won; when it is lost, nothing more goes.
    for (posting, expected) in [
        (ledger::post_dispute(&dispute, ids(1), now), vec![-70]),
        (ledger::post_dispute_won(&dispute, ids(2), now), vec![70]),
        (ledger::post_dispute_lost(&dispute, ids(3), now), vec![]),
    ] {
        let transaction = posting.transaction.expect("posted");
        let amounts: Vec<i64> = movements(transaction.entries()).iter().map(|movement| movement.amount).collect();
        assert_eq!(amounts, expected, "{}", transaction.source());
    }
    let entry = |kind, amount| Entry {
        id: EntryId::from_u128(1),
        transaction: TransactionId::from_u128(9),
        account: AccountId { kind, currency: money.currency },
        amount,
        payment: Some(payment),
        created_at: now,
    };
    let spent = [entry(AccountKind::Wallet(WalletId::from_u128(1)), -5), entry(AccountKind::Merchant, 5)];
    assert!(movements(&spent).is_empty(), "no provider has part in what a wallet pays");
}

#[test]
fn signs_periods_and_names() {
    for (kind, positive, negative) in [
        (LineKind::Charge, true, false),
        (LineKind::Refund, false, true),
        (LineKind::Dispute, false, true),
        (LineKind::DisputeReversal, true, false),
        (LineKind::Fee, true, true),
    ] {
        assert_eq!((kind.check_sign(1).is_ok(), kind.check_sign(-1).is_ok()), (positive, negative), "{kind:?}");
    }
    let code = |amount| line_amount(amount).map_err(|invalid| invalid.code);
    assert_eq!(code(0), Err("zero"));
    assert_eq!(code(i64::MIN), Err("too_large"));
    assert_eq!(code(-Amount::MAX), Ok(-Amount::MAX));
    let at = Timestamp::from_ms;
    let end = |from, to, now| Period::check_end(at(from), at(to), at(now)).map_err(|invalid| invalid.code);
    assert_eq!(end(1, 2, 2), Ok(()));
    assert_eq!(end(1, 2, 1), Err("in_the_future"));
    assert_eq!(end(2, 2, 2), Err("out_of_range"));
    let period = Period { from: at(10), to: at(20) };
    assert_eq!([9, 10, 19, 20].map(|ms| period.has(at(ms))), [false, true, true, false]);
    for bad in ["", "with space", "ümlaut", &"r".repeat(101), "4242424242424242"] {
        assert!(bad.parse::<Reference>().is_err(), "{bad}");
    }
}

#[test]
fn a_statement_ends_once_with_its_counts_or_its_failure() {
    let period = Period { from: Timestamp::from_ms(0), to: Timestamp::from_ms(1) };
    let provider = "sandbox".parse().expect("a name");
    let lines = vec![line(1, LineKind::Charge, "a", 1, "EUR")];
    let input = NewStatement { provider, period, currency: None, lines };
    let now = Timestamp::from_ms(5);
    let new = Statement::new(StatementId::from_u128(1), TenantId::from_u128(2), &input, now);
    assert_eq!((new.status, new.lines, new.check_at), (StatementStatus::Processing, 1, Some(now.plus(CHECK_AFTER))));
    let done = new.conclude(Ok(Counts { matched: 1, ..Counts::default() }), now);
    assert_eq!((done.status, done.check_at, done.version), (StatementStatus::Succeeded, None, 2));
    let failed = new.conclude(Err(StatementFailure::TooManyTransactions), now);
    assert_eq!((failed.status, failed.counts), (StatementStatus::Failed, None));
}

/// Few names, amounts and currencies, so that lines meet each other and the ledger.
fn any_line() -> impl Strategy<Value = StatementLine> {
    let kinds = proptest::sample::select(LineKind::ALL);
    (kinds, 0..6_u8, 1..4_i64, any::<bool>()).prop_map(|(kind, name, amount, is_euro)| {
        line(0, kind, &format!("r{name}"), amount, if is_euro { "EUR" } else { "USD" })
    })
}

/// What some of the references name; two may name the same.
fn any_ours() -> impl Strategy<Value = BTreeMap<(LineKind, Reference), Ours>> {
    let known = (proptest::sample::select(LineKind::ALL), 0..6_u8, 0..4_u128, proptest::option::of(1..4_i64));
    proptest::collection::vec(known, 0..12).prop_map(|known| {
        let named = known.into_iter().map(|(kind, name, id, amount)| {
            let id = id + 10 * kind as u128;
            ((kind, reference(&format!("r{name}"))), charge(id, amount.map(|amount| movement(id, amount, "EUR"))))
        });
        named.collect()
    })
}

/// What each line came to, without its number: lines that are alike may change places.
fn results(lines: &[StatementLine], comparison: &Comparison) -> Vec<String> {
    let kind_of = |number| {
        let found =
            comparison.differences.iter().filter(|it| it.line.as_ref().is_some_and(|line| line.number == number));
        found.map(|it| it.kind).collect::<Vec<_>>()
    };
    let mut results: Vec<String> = lines
        .iter()
        .map(|line| format!("{:?} {:?}", StatementLine { number: 0, ..line.clone() }, kind_of(line.number)))
        .collect();
    results.sort();
    results
}

fn numbered(lines: Vec<StatementLine>) -> Vec<StatementLine> {
    (1..).zip(lines).map(|(number, line)| StatementLine { number, ..line }).collect()
}

proptest! {
    #[test]
    fn every_line_and_movement_ends_in_exactly_one_result(
        lines in proptest::collection::vec(any_line(), 1..20).prop_map(numbered),
        ours in any_ours(),
        posted in proptest::collection::btree_set(0..50_u128, 0..12),
    ) {
        let posted: Vec<Movement> = posted.into_iter().map(|id| movement(id, 2, "EUR")).collect();
        let Comparison { counts, differences } = compare(&lines, &ours, &posted);
        let of_lines: Vec<u32> = differences.iter().filter_map(|it| Some(it.line.as_ref()?.number)).collect();
        let told_once: BTreeSet<u32> = of_lines.iter().copied().collect();
        prop_assert_eq!(told_once.len(), of_lines.len(), "a line is told twice");
        let total = counts.matched as usize + counts.not_compared as usize + of_lines.len();
        prop_assert_eq!(total, lines.len());
        prop_assert_eq!(counts.all_differences() as usize, differences.len());
        let named: BTreeSet<TransactionId> = lines
            .iter()
            .filter(|line| line.kind != LineKind::Fee)
            .filter_map(|line| Some(ours.get(&(line.kind, line.reference.clone()))?.movement?.transaction))
            .collect();
        let left_over = posted.iter().filter(|movement| !named.contains(&movement.transaction)).count();
        prop_assert_eq!(counts.of(DifferenceKind::MissingAtProvider) as usize, left_over);
        for kind in DifferenceKind::ALL {
            let range = counts.range_of(Some(*kind));
            let listed = &differences[range.start as usize..range.end as usize];
            prop_assert!(listed.iter().all(|it| it.kind == *kind));
            prop_assert_eq!(listed.len(), counts.of(*kind) as usize);
        }
    }

    #[test]
    fn the_order_of_the_lines_does_not_matter(
        (lines, shuffled) in proptest::collection::vec(any_line(), 1..20)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        ours in any_ours(),
    ) {
        let (lines, shuffled) = (numbered(lines), numbered(shuffled));
        let posted: Vec<Movement> = (0..50).map(|id| movement(id, 2, "EUR")).collect();
        let (one, other) = (compare(&lines, &ours, &posted), compare(&shuffled, &ours, &posted));
        prop_assert_eq!(results(&lines, &one), results(&shuffled, &other));
        prop_assert_eq!(one.counts, other.counts);
    }
}
