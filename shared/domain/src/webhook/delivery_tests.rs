//! What an attempt makes of a delivery.

use proptest::prelude::*;

use super::*;
use crate::webhook::ATTEMPTS_MAX;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const AGAIN: Again = Again::After(None);

fn delivery() -> Delivery {
    let (tenant, endpoint) = (TenantId::from_u128(1), WebhookEndpointId::from_u128(2));
    Delivery::new((tenant, endpoint), (EventId::from_u128(3), EventType::PaymentSucceeded), Cause::Event, NOW)
}

fn attempt(outcome: Outcome) -> Attempt {
    Attempt { at: NOW, took: Duration::from_millis(5), outcome, response: ResponseText::default() }
}

fn after(outcome: Outcome) -> (DeliveryStatus, Option<Timestamp>) {
    let (next, _) = delivery().concluded(attempt(outcome), AGAIN, 0, NOW);
    (next.status, next.next_at)
}

#[test]
fn only_2xx_is_success() {
    let in_five_seconds = Some(NOW.plus(Duration::from_secs(5)));
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(after(Outcome::Answered(status)), (DeliveryStatus::Succeeded, None), "{status}");
    }
    for status in [100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503, 504] {
        assert_eq!(after(Outcome::Answered(status)), (DeliveryStatus::Pending, in_five_seconds), "{status}");
    }
    for outcome in [Outcome::TimedOut, Outcome::Unreachable, Outcome::AddressRefused] {
        assert_eq!(after(outcome), (DeliveryStatus::Pending, in_five_seconds), "{outcome:?}");
    }
    let (gone, concluded) = delivery().concluded(attempt(Outcome::Answered(410)), Again::Never, 0, NOW);
    assert_eq!((gone.status, gone.next_at, concluded), (DeliveryStatus::Failed, None, Concluded::GivenUp));
}

#[test]
fn after_the_eighth_attempt_it_has_failed_and_a_replay_begins_anew() {
    let mut delivery = delivery();
    for made in 1..=ATTEMPTS_MAX {
        assert_eq!(delivery.status, DeliveryStatus::Pending, "{made}");
        (delivery, _) = delivery.concluded(attempt(Outcome::Answered(500)), AGAIN, 0, NOW);
    }
    assert_eq!((delivery.status, delivery.next_at, delivery.attempts.len()), (DeliveryStatus::Failed, None, 8));
    let replayed = delivery.replayed(NOW);
    assert!(replayed.is_due(NOW));
    assert_eq!((replayed.attempts_made, replayed.attempts.len(), replayed.cause), (0, 8, Cause::Replay));
}

#[test]
fn held_is_no_attempt_and_skipped_is_the_end() {
    let later = NOW.plus(Duration::from_secs(60));
    let held = delivery().held(later, 0, NOW);
    assert_eq!((held.attempts_made, held.is_due(NOW), held.is_due(later)), (0, false, true));
    assert!(!held.skipped(NOW).is_due(later));
    let often = (0..20).fold(delivery(), |delivery, _| delivery.held(later, 0, NOW));
    assert_eq!((often.next_at, often.holds), (Some(later), 20), "the breaker's time, and up to an hour");
    let placed = delivery().placed(later, NOW);
    assert!(placed.has_place && !placed.is_due(NOW));
    assert!(!placed.held(later, 0, NOW).has_place, "what is held needs another place");
    assert!(
        !placed.concluded(attempt(Outcome::TimedOut), AGAIN, 0, later).0.has_place,
        "the next attempt needs its own"
    );
}

#[test]
fn a_replay_is_under_way_from_when_it_was_asked_for() {
    let asked = NOW.plus(Duration::from_secs(60));
    let (before, since) = (delivery().replayed(NOW), delivery().replayed(asked));
    assert!(!before.is_replayed_since(asked) && since.is_replayed_since(asked));
    assert!(!delivery().held(asked, 0, asked).is_replayed_since(asked), "no replay");
    let sent = |delivery: &Delivery, at, outcome| {
        delivery.concluded(Attempt { at, ..attempt(outcome) }, AGAIN, 0, asked.plus(Duration::from_secs(1))).0
    };
    let failed = Outcome::Answered(500);
    assert!(sent(&since, asked, failed).is_replayed_since(asked), "it waits for its second attempt");
    assert!(!sent(&before, NOW, failed).is_replayed_since(asked), "an attempt from before that ends after");
    assert!(!sent(&since, asked, Outcome::Answered(200)).is_replayed_since(asked), "it is over");
}

#[test]
fn what_a_receiver_answers_is_cut_and_masked() {
    let text = ResponseText::cut(&[b'x'; 5_000]);
    assert_eq!(text.as_str().len(), ResponseText::LEN_MAX);
    assert_eq!(ResponseText::cut("a\r\n\u{1b}[31mb".as_bytes()).as_str(), "a   [31mb");
    assert_eq!(format!("{:?}", ResponseText::cut(b"secret")), "ResponseText(6 bytes)");
    let wide = "ü".repeat(ResponseText::LEN_MAX);
    assert!(ResponseText::cut(wide.as_bytes()).as_str().len() <= ResponseText::LEN_MAX);
}

proptest! {
    #[test]
    fn outcomes_are_read_back(status in 100..600_u16) {
        for outcome in [Outcome::Answered(status), Outcome::TimedOut, Outcome::Unreachable, Outcome::AddressRefused] {
            prop_assert_eq!(Outcome::parse(outcome.status(), outcome.error()), Some(outcome));
        }
    }

    #[test]
    fn any_bytes_can_be_shown(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let text = ResponseText::cut(&bytes);
        prop_assert!(text.as_str().len() <= ResponseText::LEN_MAX && !text.as_str().contains(char::is_control));
    }

    #[test]
    fn the_log_keeps_the_newest_attempts(rounds in 1..6_usize) {
        let mut delivery = delivery();
        for round in 0..rounds {
            for made in 0..ATTEMPTS_MAX {
                let status = 500 + u16::try_from(made).expect("small");
                let at = NOW.plus(Duration::from_secs(u64::try_from(round).expect("small")));
                (delivery, _) = delivery.concluded(Attempt { at, ..attempt(Outcome::Answered(status)) }, AGAIN, 0, at);
            }
            delivery = delivery.replayed(NOW);
        }
        prop_assert!(delivery.attempts.len() <= LOG_MAX);
        prop_assert_eq!(delivery.attempts.last().map(|attempt| attempt.outcome), Some(Outcome::Answered(507)));
    }
}
