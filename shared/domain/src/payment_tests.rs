//! The payment's decisions as tables, and properties over sequences of moves.

use super::*;
use crate::connection::ProviderName;
use crate::money::Currency;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_000);

fn amount(minor_units: i64) -> Amount {
    Amount::new(minor_units).expect("valid")
}

fn payment() -> Payment {
    let money = Money { amount: amount(1_000), currency: Currency::parse("EUR").expect("valid") };
    let method = Method::Card { token: Secret::new("tok_success") };
    let (capture, description, metadata) = (Capture::Automatic, None, Metadata::default());
    let input = NewPayment { order: None, money, method, top_up: None, capture, description, metadata };
    Payment::new(PaymentId::from_u128(1), TenantId::from_u128(1), input, NOW)
}

fn succeeded() -> Payment {
    payment().conclude(&took(1_000), NOW).expect("processing")
}

fn took(minor_units: i64) -> Verdict {
    Verdict::Succeeded { reference: "ch_1".into(), captured: amount(minor_units) }
}

fn authorized() -> Payment {
    let verdict = Verdict::Authorized { reference: "ch_1".into() };
    let payment = Payment { capture: Capture::Manual, ..payment() };
    payment.conclude(&verdict, NOW).expect("processing")
}

fn verdicts() -> [Verdict; 5] {
    [
        took(1_000),
        Verdict::RequiresAction { reference: "ch_1".into() },
        Verdict::Authorized { reference: "ch_1".into() },
        Verdict::Declined { code: DeclineCode::DoNotHonor },
        Verdict::Cancelled,
    ]
}

fn every_ask() -> [Asked; 3] {
    [Asked::Charge, Asked::Capture(amount(400)), Asked::Cancel]
}

#[test]
fn a_capture_that_is_refused_leaves_the_hold_as_it_was() {
    let held = authorized();
    let asked = held.ask_capture(Some(amount(5)), NOW).expect("it is held");
    let refused = asked.capture_refused(DeclineCode::InvalidAmount, NOW).expect("it is asked");
    assert_eq!((refused.status, refused.failure), (PaymentStatus::RequiresCapture, Some(DeclineCode::InvalidAmount)));
    assert_eq!((refused.asked, refused.check_at), (Asked::Charge, held.capture_before));
    let again = refused.ask_capture(None, NOW).expect("it is held");
    assert_eq!((again.asked, again.failure), (Asked::Capture(amount(1_000)), None));
    for other in [payment(), held, succeeded()] {
        assert!(other.capture_refused(DeclineCode::InvalidAmount, NOW).is_err(), "{:?}", other.status);
    }
}

#[test]
fn every_state_takes_a_verdict_only_while_it_is_open() {
    for status in PaymentStatus::ALL {
        for (asked, verdict) in every_ask().into_iter().flat_map(|asked| verdicts().map(|verdict| (asked, verdict))) {
            let capture_before = (status == PaymentStatus::RequiresCapture).then_some(NOW);
            let from = Payment { status, asked, capture_before, ..payment() };
            match from.conclude(&verdict, NOW) {
                Ok(to) => {
                    let moved = to.status == status || status.next().contains(&to.status);
                    assert!(status.is_open() && moved, "{status:?} {asked:?} {verdict:?} to {:?}", to.status);
                    assert_eq!(to.check_at.is_some(), to.status.is_open(), "{status:?} {asked:?} {verdict:?}");
                }
                Err(refusal) => {
                    assert!(!status.is_open());
                    assert_eq!(refusal, PaymentRefusal::IllegalMove { current: status, allowed: status.next() });
                }
            }
        }
    }
}

#[test]
fn an_authorised_payment_waits_seven_days_to_be_captured() {
    let authorized = authorized();
    let end = NOW.plus(CAPTURE_WITHIN);
    assert_eq!((authorized.status, authorized.captured), (PaymentStatus::RequiresCapture, 0));
    assert_eq!((authorized.capture_before, authorized.check_at), (Some(end), Some(end)));
    assert!(!authorized.is_expired(Timestamp::from_ms(end.as_ms() - 1)) && authorized.is_expired(end));
    let heard_again = authorized.conclude(&Verdict::Authorized { reference: "ch_1".into() }, end).expect("open");
    assert_eq!(heard_again.capture_before, Some(end), "the time does not start anew");
    let given_up = authorized.conclude(&Verdict::Cancelled, end).expect("open");
    assert_eq!(given_up.status, PaymentStatus::Cancelled);
    assert_eq!((given_up.failure, given_up.check_at), (Some(DeclineCode::AuthorizationExpired), None));
}

#[test]
fn a_capture_takes_all_or_part_and_no_more() {
    let too_much = authorized().ask_capture(Some(amount(1_001)), NOW);
    assert_eq!(too_much, Err(PaymentRefusal::AmountExceedsCapturable { capturable: 1_000 }));
    for (asked, taken) in [(None, 1_000), (Some(amount(1_000)), 1_000), (Some(amount(400)), 400)] {
        let asking = authorized().ask_capture(asked, NOW).expect("authorised");
        assert_eq!((asking.status, asking.asked), (PaymentStatus::Processing, Asked::Capture(amount(taken))));
        let still = Verdict::Authorized { reference: "ch_1".into() };
        assert!(asking.is_still_to_do(&still) && !authorized().is_still_to_do(&still));
        assert_eq!(asking.conclude(&still, NOW).expect("open").status, PaymentStatus::Processing);
        let done = asking.conclude(&took(taken), NOW).expect("open");
        assert_eq!((done.status, done.captured, done.refundable()), (PaymentStatus::Succeeded, taken, taken));
    }
    for status in PaymentStatus::ALL.into_iter().filter(|status| *status != PaymentStatus::RequiresCapture) {
        let refusal = Payment { status, ..payment() }.ask_capture(None, NOW);
        assert_eq!(refusal, Err(PaymentRefusal::IllegalMove { current: status, allowed: status.next() }));
    }
}

#[test]
fn only_what_waits_can_be_cancelled_and_money_that_was_taken_stays_taken() {
    for status in PaymentStatus::ALL {
        let waits = matches!(status, PaymentStatus::RequiresAction | PaymentStatus::RequiresCapture);
        assert_eq!(Payment { status, ..payment() }.ask_cancel(NOW).is_ok(), waits, "{status:?}");
    }
    let asking = authorized().ask_cancel(NOW).expect("authorised");
    let cancelled = asking.conclude(&Verdict::Cancelled, NOW).expect("open");
    assert_eq!((cancelled.status, cancelled.failure), (PaymentStatus::Cancelled, None));
    let too_late = asking.conclude(&took(1_000), NOW).expect("open");
    assert_eq!((too_late.status, too_late.captured), (PaymentStatus::Succeeded, 1_000));
}

#[test]
fn a_refusal_names_the_state_and_the_allowed_moves() {
    let refusal = succeeded().conclude(&verdicts()[3], NOW).expect_err("final");
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
    assert!(!waiting.is_expired(almost));
    assert!(waiting.is_expired(NOW.plus(ACTION_EXPIRES_AFTER)));
    assert!(!payment().is_expired(NOW.plus(ACTION_EXPIRES_AFTER)), "only a payment that waits for its customer");
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

#[test]
fn a_claim_is_a_version_and_the_first_one_says_where_it_goes() {
    let now = Timestamp::from_ms(7);
    let unclaimed = payment();
    let claimed = unclaimed.claim(ProviderName::Stripe, now);
    assert_eq!((claimed.route, claimed.version), (Route::Claimed(ProviderName::Stripe), unclaimed.version + 1));
    let again = claimed.claim(ProviderName::Sandbox, now);
    assert_eq!((again.route, again.version, again.attempt), (claimed.route, claimed.version + 1, 1));
    let switched = claimed.switch(ProviderName::Sandbox, now);
    assert_eq!((switched.route, switched.version), (Route::Switched(ProviderName::Sandbox), again.version));
    assert_ne!(switched.provider_key(), claimed.provider_key(), "another try, another charge");
}
