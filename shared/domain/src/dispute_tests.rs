//! The dispute's decisions as tables.

use super::*;
use crate::money::{Amount, Currency};

const NOW: Timestamp = Timestamp::from_ms(1_000);

fn report(status: DisputeStatus) -> DisputeReport {
    let money = Money { amount: Amount::new(700).expect("valid"), currency: Currency::parse("EUR").expect("valid") };
    DisputeReport { reference: "dp_1".into(), money, reason: DisputeReason::Fraudulent, status, respond_by: None }
}

fn dispute(status: DisputeStatus) -> Dispute {
    let report = report(status);
    let opened = Dispute::open(DisputeId::from_u128(1), TenantId::from_u128(1), PaymentId::from_u128(1), &report, NOW);
    assert_eq!((opened.status, opened.version), (DisputeStatus::NeedsResponse, 1));
    Dispute { status, ..opened }
}

fn evidence() -> Evidence {
    Evidence::parse("The parcel was signed for").expect("valid")
}

#[test]
fn only_news_is_heard() {
    for status in DisputeStatus::ALL {
        for heard in DisputeStatus::ALL {
            let next = dispute(status).hear(&report(heard), NOW);
            assert_eq!(next.as_ref().map(|next| next.status), status.next().contains(&heard).then_some(heard));
            if let Some(next) = next {
                assert_eq!((next.check_at.is_some(), next.version), (heard.is_open(), 2));
            }
        }
    }
}

#[test]
fn an_answer_is_given_once_and_only_in_time() {
    for status in DisputeStatus::ALL {
        let answered = dispute(status).answer(evidence(), NOW);
        let refusal = DisputeRefusal::IllegalMove { current: status, allowed: status.next() };
        match status {
            DisputeStatus::NeedsResponse => {
                let answered = answered.expect("it needs one");
                assert_eq!((answered.status, answered.to_send()), (DisputeStatus::UnderReview, Some(&evidence())));
                assert_eq!(answered.check_at, Some(NOW.plus(CHECK_AFTER)));
                assert_eq!(answered.sent(NOW).to_send(), None);
                let decided = answered.hear(&report(DisputeStatus::Lost), NOW).expect("news");
                assert_eq!(decided.to_send(), None, "too late");
            }
            _ => assert_eq!(answered, Err(refusal), "{status:?}"),
        }
    }
}

#[test]
fn an_answer_that_is_refused_makes_room_for_another() {
    let answered = dispute(DisputeStatus::NeedsResponse).answer(evidence(), NOW).expect("it needs one");
    let refused = answered.answer_refused(NOW);
    assert_eq!((refused.status, refused.to_send()), (DisputeStatus::NeedsResponse, None));
    assert_eq!(refused.check_at, Some(NOW.plus(ASK_EVERY)));
    assert_eq!(refused.answer(evidence(), NOW).expect("it needs one").to_send(), Some(&evidence()));
}

#[test]
fn names_parse_back() {
    for status in DisputeStatus::ALL {
        assert_eq!(DisputeStatus::parse(status.as_str()), Some(status));
    }
    for reason in DisputeReason::ALL {
        assert_eq!(DisputeReason::parse(reason.as_str()), Some(reason));
    }
}
