//! What an answer of the provider means. Pure: a status and a body come in. Nothing of a body gets into an error but a code
//! of the provider's in its own form, so that no token or name that it echoes reaches a log.

use domain::dispute::{DisputeReason, DisputeReport, DisputeStatus};
use domain::money::{Amount, Currency, Money};
use domain::payment::{DeclineCode, Verdict};
use domain::refund::RefundVerdict;
use ports::provider::ProviderError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::exchange::{code_of, refusing};

#[derive(Deserialize)]
struct Charge {
    id: String,
    status: ChargeStatus,
    #[serde(default)]
    amount_captured: i64,
    #[serde(default)]
    decline_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChargeStatus {
    Succeeded,
    RequiresAction,
    Authorized,
    Declined,
    Cancelled,
}

#[derive(Deserialize)]
struct Disputed {
    dispute: Option<Dispute>,
}

#[derive(Deserialize)]
struct Dispute {
    id: String,
    amount: i64,
    currency: String,
    reason: String,
    status: String,
}

#[derive(Deserialize)]
struct Refund {
    id: String,
    status: RefundStatus,
    #[serde(default)]
    refusal_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RefundStatus {
    Succeeded,
    Refused,
}

#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Problem {
    error: Code,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// The answer to a charge made, cancelled or made again.
pub(crate) fn charge(status: u16, body: &[u8]) -> Result<Verdict, ProviderError> {
    match status {
        402 => Ok(Verdict::Declined { code: decline(code(body).as_deref()) }),
        _ => verdict(read(status, body)?),
    }
}

pub(crate) fn charges(status: u16, body: &[u8]) -> Result<Option<Verdict>, ProviderError> {
    let List { data } = read(status, body)?;
    data.into_iter().next().map(verdict).transpose()
}

/// The disputes of the charges that were asked for.
pub(crate) fn disputes(status: u16, body: &[u8]) -> Result<Vec<DisputeReport>, ProviderError> {
    let List { data } = read::<List<Disputed>>(status, body)?;
    data.into_iter().filter_map(|charge| charge.dispute).map(report).collect()
}

pub(crate) fn dispute(status: u16, body: &[u8]) -> Result<DisputeReport, ProviderError> {
    report(read(status, body)?)
}

fn report(dispute: Dispute) -> Result<DisputeReport, ProviderError> {
    let Dispute { id, amount, currency, reason, status } = dispute;
    let unreadable = || ProviderError::TimedOut;
    let amount = Amount::new(amount).map_err(|_| unreadable())?;
    let currency = Currency::parse(&currency).map_err(|_| unreadable())?;
    Ok(DisputeReport {
        reference: id,
        money: Money { amount, currency },
        reason: DisputeReason::parse(&reason).unwrap_or(DisputeReason::Other),
        status: DisputeStatus::parse(&status).ok_or_else(unreadable)?,
        respond_by: None,
    })
}

pub(crate) fn refund(status: u16, body: &[u8]) -> Result<RefundVerdict, ProviderError> {
    match status {
        402 => Ok(RefundVerdict::Refused { code: decline(code(body).as_deref()) }),
        _ => read(status, body).map(refund_verdict),
    }
}

pub(crate) fn refunds(status: u16, body: &[u8]) -> Result<Option<RefundVerdict>, ProviderError> {
    let List { data } = read(status, body)?;
    Ok(data.into_iter().next().map(refund_verdict))
}

/// A charge that succeeded and captured nothing cannot be read, and so is no answer.
fn verdict(charge: Charge) -> Result<Verdict, ProviderError> {
    let Charge { id, status, amount_captured, decline_code } = charge;
    Ok(match status {
        ChargeStatus::Succeeded => {
            let captured = Amount::new(amount_captured).map_err(|_| ProviderError::TimedOut)?;
            Verdict::Succeeded { reference: id, captured }
        }
        ChargeStatus::RequiresAction => Verdict::RequiresAction { reference: id },
        ChargeStatus::Authorized => Verdict::Authorized { reference: id },
        ChargeStatus::Declined => Verdict::Declined { code: decline(decline_code.as_deref()) },
        ChargeStatus::Cancelled => Verdict::Cancelled,
    })
}

fn refund_verdict(refund: Refund) -> RefundVerdict {
    let Refund { id, status, refusal_code } = refund;
    match status {
        RefundStatus::Succeeded => RefundVerdict::Succeeded { reference: id },
        RefundStatus::Refused => RefundVerdict::Refused { code: decline(refusal_code.as_deref()) },
    }
}

/// The sandbox's codes are ours; a provider with others has its table here.
fn decline(code: Option<&str>) -> DeclineCode {
    code.and_then(DeclineCode::parse).unwrap_or(DeclineCode::Other)
}

/// An answer of success that cannot be read is no answer: the money may have moved.
fn read<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, ProviderError> {
    match status {
        200..=299 => serde_json::from_slice(body).map_err(|_| ProviderError::TimedOut),
        408 | 429 | 500..=599 => Err(refusing(status)),
        _ => Err(ProviderError::Rejected(code(body).unwrap_or_else(|| format!("http_{status}")))),
    }
}

/// The provider's code, if it has the form of one.
fn code(body: &[u8]) -> Option<String> {
    let Problem { error: Code { code } } = serde_json::from_slice(body).ok()?;
    code_of(&code).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T: std::fmt::Debug>(result: Result<T, ProviderError>) -> String {
        match result {
            Ok(verdict) => format!("{verdict:?}"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn every_answer_to_a_charge() {
        for (status, body, expected) in [
            (
                200,
                r#"{"id":"ch_1","status":"succeeded","amount_captured":5}"#,
                r#"Succeeded { reference: "ch_1", captured: Amount(5) }"#,
            ),
            (
                201,
                r#"{"id":"ch_1","status":"succeeded","amount_captured":5}"#,
                r#"Succeeded { reference: "ch_1", captured: Amount(5) }"#,
            ),
            (200, r#"{"id":"ch_1","status":"succeeded"}"#, "TimedOut"),
            (200, r#"{"id":"ch_1","status":"authorized"}"#, r#"Authorized { reference: "ch_1" }"#),
            (200, r#"{"id":"ch_1","status":"requires_action"}"#, r#"RequiresAction { reference: "ch_1" }"#),
            (200, r#"{"id":"ch_1","status":"cancelled"}"#, "Cancelled"),
            (
                200,
                r#"{"id":"ch_1","status":"declined","decline_code":"expired_card"}"#,
                "Declined { code: ExpiredCard }",
            ),
            (402, r#"{"error":{"code":"insufficient_funds"}}"#, "Declined { code: InsufficientFunds }"),
            (402, r#"{"error":{"code":"do_not_honor"}}"#, "Declined { code: DoNotHonor }"),
            (402, r#"{"error":{"code":"expired_card"}}"#, "Declined { code: ExpiredCard }"),
            (402, r#"{"error":{"code":"invalid_token"}}"#, "Declined { code: InvalidToken }"),
            (402, r#"{"error":{"code":"stolen_card"}}"#, "Declined { code: Other }"),
            (402, "", "Declined { code: Other }"),
            (200, r#"{"id":"ch_1","status":"in_review"}"#, "TimedOut"),
            (200, r#"{"id":"ch_1""#, "TimedOut"),
            (204, "", "TimedOut"),
            (301, "", r#"Rejected("http_301")"#),
            (400, r#"{"error":{"code":"invalid_amount"}}"#, r#"Rejected("invalid_amount")"#),
            (401, r#"{"error":{"code":"unauthorized"}}"#, r#"Rejected("unauthorized")"#),
            (404, "<html>", r#"Rejected("http_404")"#),
            (409, "{}", r#"Rejected("http_409")"#),
            (422, r#"{"error":{"code":"tok_success of Ms Smith"}}"#, r#"Rejected("http_422")"#),
            (400, r#"{"error":{"code":""}}"#, r#"Rejected("http_400")"#),
            (408, "", "Unavailable(Some(Refusing(408)))"),
            (429, "", "Unavailable(Some(Refusing(429)))"),
            (500, r#"{"error":{"code":"oops"}}"#, "Unavailable(Some(Refusing(500)))"),
            (503, "", "Unavailable(Some(Refusing(503)))"),
        ] {
            assert_eq!(told(charge(status, body.as_bytes())), expected, "{status} {body}");
        }
    }

    #[test]
    fn every_answer_about_a_dispute() {
        let dispute = |status: &str, reason: &str| {
            format!(r#"{{"id":"dp_1","amount":5,"currency":"EUR","reason":"{reason}","status":"{status}"}}"#)
        };
        let charge =
            |dispute: &str| format!(r#"{{"data":[{{"id":"ch_1","status":"succeeded","dispute":{dispute}}}]}}"#);
        let told = |text: String| {
            disputes(200, text.as_bytes())
                .map(|reports| reports.into_iter().map(|it| (it.reason, it.status)).collect::<Vec<_>>())
        };
        for status in DisputeStatus::ALL {
            let reports = told(charge(&dispute(status.as_str(), "fraudulent"))).expect("readable");
            assert_eq!(reports, [(DisputeReason::Fraudulent, status)]);
        }
        let reports = told(charge(&dispute("won", "a_new_reason"))).expect("readable");
        assert_eq!(reports, [(DisputeReason::Other, DisputeStatus::Won)]);
        assert_eq!(told(charge("null")).expect("readable"), []);
        assert_eq!(told(r#"{"data":[]}"#.to_owned()).expect("readable"), []);
        assert!(matches!(told(charge(&dispute("in_limbo", "fraudulent"))), Err(ProviderError::TimedOut)));
        assert!(matches!(disputes(503, b""), Err(ProviderError::Unavailable(_))));
    }

    #[test]
    fn every_answer_to_a_question_and_to_a_refund() {
        for (answer, expected) in [
            (told(charges(200, br#"{"data":[]}"#)), "None"),
            (
                told(charges(200, br#"{"data":[{"id":"ch_1","status":"succeeded","amount_captured":5}]}"#)),
                r#"Some(Succeeded { reference: "ch_1", captured: Amount(5) })"#,
            ),
            (told(charges(200, br#"{"data":[{"id":"c","status":"declined"}]}"#)), "Some(Declined { code: Other })"),
            (told(charges(200, b"[]")), "TimedOut"),
            (told(charges(402, b"")), r#"Rejected("http_402")"#),
            (told(charges(503, b"")), "Unavailable(Some(Refusing(503)))"),
            (told(refund(200, br#"{"id":"re_1","status":"succeeded"}"#)), r#"Succeeded { reference: "re_1" }"#),
            (told(refund(402, br#"{"error":{"code":"amount_too_large"}}"#)), "Refused { code: Other }"),
            (told(refund(404, br#"{"error":{"code":"charge_not_found"}}"#)), r#"Rejected("charge_not_found")"#),
            (told(refund(200, b"{}")), "TimedOut"),
            (told(refunds(200, br#"{"data":[]}"#)), "None"),
            (told(refunds(200, br#"{"data":[{"id":"re_1","status":"refused"}]}"#)), "Some(Refused { code: Other })"),
            (
                told(refunds(200, br#"{"data":[{"id":"re_1","status":"succeeded"}]}"#)),
                r#"Some(Succeeded { reference: "re_1" })"#,
            ),
        ] {
            assert_eq!(answer, expected);
        }
    }
}
