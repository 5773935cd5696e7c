//! The payment's decisions as tables, and properties over sequences of moves.

use super::*;
use crate::money::Currency;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_000);

fn amount(minor_units: i64) -> Amount {
    Amount::new(minor_units).expect("valid")
}

fn payment() -> Payment {
    let money = Money { amount: amount(1_000), currency: Currency::parse("EUR").expect("valid") };
    let method = Method::Card { token: Secret::new("tok_success") };
    let input = NewPayment { order: None, money, method, description: None, metadata: Metadata::default() };
    Payment::new(PaymentId::from_u128(1), TenantId::from_u128(1), input, NOW)
}

fn succeeded() -> Payment {
    payment().conclude(&Verdict::Succeeded { reference: "ch_1".into() }, NOW).expect("processing")
}

fn verdicts() -> [Verdict; 3] {
    [
        Verdict::Succeeded { reference: "ch_1".into() },
        Verdict::RequiresAction { reference: "ch_1".into() },
        Verdict::Declined { code: DeclineCode::DoNotHonor },
    ]
}

#[test]
fn every_state_takes_a_verdict_only_while_it_waits_for_one() {
    for status in PaymentStatus::ALL {
        for verdict in verdicts() {
            let from = Payment { status, ..payment() };
            match from.conclude(&verdict, NOW) {
                Ok(to) => {
                    assert!(status.awaits_provider() && (to.status == status || status.next().contains(&to.status)))
                }
                Err(refusal) => {
                    assert!(!status.awaits_provider());
                    assert_eq!(refusal, PaymentRefusal::IllegalMove { current: status, allowed: status.next() });
                }
            }
        }
    }
}

#[test]
fn a_refusal_names_the_state_and_the_allowed_moves() {
    let refusal = succeeded().conclude(&verdicts()[2], NOW).expect_err("final");
    assert_eq!(refusal.to_string(), "the payment is succeeded; from there it may become: partially_refunded, refunded");
}

#[test]
fn an_unknown_outcome_stays_processing_and_is_asked_after() {
    let unknown = payment().outcome_unknown(NOW).expect("processing");
    assert_eq!((unknown.status, unknown.unknown_since), (PaymentStatus::Processing, Some(NOW)));
    assert_eq!(unknown.check_at, Some(NOW));
    assert_eq!(unknown.provider_key(), payment().provider_key(), "never another charge");
    let settled = unknown.conclude(&verdicts()[0], NOW).expect("processing");
    assert_eq!((settled.status, settled.unknown_since, settled.check_at), (PaymentStatus::Succeeded, None, None));
}

#[test]
fn refunds_are_refused_by_state_then_amount() {
    assert_eq!(
        payment().reserve_refund(amount(5_000), NOW),
        Err(PaymentRefusal::NotRefundable { current: PaymentStatus::Processing })
    );
    assert_eq!(
        succeeded().reserve_refund(amount(1_001), NOW),
        Err(PaymentRefusal::AmountExceedsRefundable { refundable: 1_000 })
    );
    let reserved = succeeded().reserve_refund(amount(600), NOW).expect("fits");
    assert_eq!(
        reserved.reserve_refund(amount(401), NOW),
        Err(PaymentRefusal::AmountExceedsRefundable { refundable: 400 })
    );
    assert_eq!(reserved.settle_refund(amount(600), NOW).status, PaymentStatus::PartiallyRefunded);
    assert_eq!(reserved.release_refund(amount(600), NOW).refundable(), 1_000);
}

#[test]
fn decline_codes_have_one_spelling_each() {
    for code in DeclineCode::ALL {
        assert_eq!(DeclineCode::parse(code.as_str()), Some(code));
        assert!(!code.message().is_empty());
    }
}

#[test]
fn the_time_to_authenticate_ends() {
    let waiting = payment().conclude(&verdicts()[1], NOW).expect("processing");
    let almost = Timestamp::from_ms(NOW.plus(ACTION_EXPIRES_AFTER).as_ms() - 1);
    assert!(!waiting.action_expired(almost));
    assert!(waiting.action_expired(NOW.plus(ACTION_EXPIRES_AFTER)));
    assert!(!payment().action_expired(NOW.plus(ACTION_EXPIRES_AFTER)), "only a payment that waits for its customer");
}

proptest! {
    #[test]
    fn refunds_never_exceed_the_captured_amount(moves in prop::collection::vec((0..3_u8, 1..700_i64), 0..60)) {
        let mut current = succeeded();
        let mut reserved: Vec<Amount> = Vec::new();
        for (kind, minor_units) in moves {
            match (kind, reserved.pop()) {
                (1, Some(pending)) => current = current.settle_refund(pending, NOW),
                (2, Some(pending)) => current = current.release_refund(pending, NOW),
                (_, pending) => {
                    reserved.extend(pending);
                    if let Ok(next) = current.reserve_refund(amount(minor_units), NOW) {
                        reserved.push(amount(minor_units));
                        current = next;
                    }
                }
            }
            prop_assert!(current.refunded + current.refunds_pending <= current.captured);
            prop_assert!(current.refundable() >= 0 && current.refunds_pending >= 0);
            prop_assert_eq!(current.refunds_pending, reserved.iter().map(|a| a.get()).sum::<i64>());
            prop_assert_eq!(current.status == PaymentStatus::Refunded, current.refunded == current.captured);
        }
    }
}
