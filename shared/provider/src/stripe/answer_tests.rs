//! Every answer to a charge, and what a refusal is called.

use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
}

fn told<T: std::fmt::Debug>(result: Result<T, ProviderError>) -> String {
    match result {
        Ok(verdict) => format!("{verdict:?}"),
        Err(error) => format!("{error:?}"),
    }
}

fn intent(status: &str, error: &str) -> String {
    format!(
        r#"{{"id":"pi_1","object":"payment_intent","status":"{status}","amount":500,"amount_received":500,
            "currency":"eur","last_payment_error":{error},"metadata":{{"key":"pay_1-1"}},"a_field_of_tomorrow":1}}"#
    )
}

#[test]
fn every_status_of_an_intent() {
    let stolen = r#"{"type":"card_error","code":"card_declined","decline_code":"stolen_card"}"#;
    for (status, error, expected) in [
        ("succeeded", "null", r#"Succeeded { reference: "pi_1", captured: Amount(500) }"#),
        ("requires_capture", "null", r#"Authorized { reference: "pi_1" }"#),
        ("requires_action", "null", r#"RequiresAction { reference: "pi_1" }"#),
        ("requires_source_action", "null", r#"RequiresAction { reference: "pi_1" }"#),
        ("requires_confirmation", "null", r#"RequiresAction { reference: "pi_1" }"#),
        ("requires_payment_method", "null", r#"RequiresAction { reference: "pi_1" }"#),
        ("requires_payment_method", stolen, "Declined { code: LostOrStolen }"),
        ("requires_source", stolen, "Declined { code: LostOrStolen }"),
        ("canceled", stolen, "Declined { code: LostOrStolen }"),
        ("canceled", "null", "Cancelled"),
        ("processing", "null", "TimedOut"),
        ("a_status_of_tomorrow", "null", "TimedOut"),
    ] {
        assert_eq!(told(charge(&answer(200, &intent(status, error)))), expected, "{status} {error}");
    }
    let of_nothing = intent("succeeded", "null").replace(r#""amount_received":500"#, r#""amount_received":0"#);
    assert_eq!(told(charge(&answer(200, &of_nothing))), "TimedOut", "success that took nothing cannot be read");
}

#[test]
fn every_answer_that_is_none_of_success() {
    for (status, error, expected) in [
        (
            402,
            r#"{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}"#,
            "Declined { code: InsufficientFunds }",
        ),
        (402, r#"{"type":"card_error","code":"expired_card"}"#, "Declined { code: ExpiredCard }"),
        (
            402,
            r#"{"type":"card_error","code":"card_declined","decline_code":"a_code_of_tomorrow"}"#,
            "Declined { code: Other }",
        ),
        (402, "{}", "Declined { code: Other }"),
        (
            400,
            r#"{"type":"invalid_request_error","code":"resource_missing","param":"payment_method"}"#,
            "Declined { code: InvalidToken }",
        ),
        (
            400,
            r#"{"type":"invalid_request_error","code":"amount_too_small","param":"amount"}"#,
            "Declined { code: InvalidAmount }",
        ),
        (400, r#"{"type":"invalid_request_error","param":"currency"}"#, "Declined { code: CurrencyNotSupported }"),
        (
            400,
            r#"{"type":"invalid_request_error","code":"parameter_unknown","param":"x"}"#,
            r#"Rejected("parameter_unknown")"#,
        ),
        (400, r#"{"type":"idempotency_error"}"#, r#"Rejected("idempotency_error")"#),
        (401, r#"{"type":"invalid_request_error"}"#, "KeyRefused(Stripe)"),
        (403, r#"{"type":"invalid_request_error","code":"No such key sk_live_1"}"#, "KeyRefused(Stripe)"),
        (404, "no json", r#"Rejected("http_404")"#),
        (301, "{}", r#"Rejected("http_301")"#),
        (409, r#"{"code":"idempotency_key_in_use"}"#, "Unavailable(Some(Refusing(409)))"),
        (429, r#"{"code":"lock_timeout"}"#, "Unavailable(Some(Refusing(429)))"),
        (424, "{}", "TimedOut"),
        (408, "{}", "TimedOut"),
        (500, r#"{"type":"api_error"}"#, "TimedOut"),
        (503, "", "TimedOut"),
    ] {
        let body = format!(r#"{{"error":{error}}}"#);
        assert_eq!(told(charge(&answer(status, &body))), expected, "{status} {error}");
    }
    for body in ["", "[]", r#"{"id":"pi_1""#] {
        assert_eq!(told(charge(&answer(200, body))), "TimedOut", "{body}");
    }
}

#[test]
fn stripe_says_whether_what_broke_may_be_sent_again() {
    for (value, expected) in [("true", "Unavailable(Some(Refusing(500)))"), ("false", "TimedOut")] {
        let headers = HeaderMap::from_iter([(
            reqwest::header::HeaderName::from_static("stripe-should-retry"),
            HeaderValue::from_static(value),
        )]);
        let answer = Answer { status: 500, headers, body: Vec::new() };
        assert_eq!(told(charge(&answer)), expected, "{value}");
    }
}
