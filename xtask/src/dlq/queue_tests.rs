//! What of a dead letter is shown, and what of it is sent again.

use super::*;

fn letter(changes: Value) -> Letter {
    let mut message = json!({
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": r#"{"event":"evt_1","tenant":"ten_1","type":"payment.created","subject":"pay_1","trace":"Root=body"}"#,
        "Attributes": { "SentTimestamp": "1000", "ApproximateReceiveCount": "2" },
        "MessageAttributes": { "reason": { "DataType": "String", "StringValue": "cannot be done: \u{1b}[31mno" } },
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        message[name] = value.clone();
    }
    Letter::of(&message).expect("a message")
}

#[test]
fn a_letter_is_shown_with_its_reason() {
    let now = jiff::Timestamp::from_millisecond(301_000).expect("a time");
    assert_eq!(
        letter(json!({})).shown(now),
        "m-1  5 min old, received 2 x\n  payment.created pay_1 of ten_1\n  reason: cannot be done: \u{fffd}[31mno"
    );
    let strange = letter(json!({ "Body": "\u{7}secret", "MessageAttributes": null }));
    assert_eq!(
        strange.shown(now),
        "m-1  5 min old, received 2 x\n  7 bytes that are no notice\n  reason: none told: SQS moved it here after too many receipts"
    );
}

#[test]
fn it_goes_back_with_its_tenant_and_trace_and_without_its_reason() {
    let buried = letter(json!({})).again("url");
    assert_eq!(buried["MessageGroupId"], "ten_1");
    assert_eq!(buried["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"], "Root=body");
    assert!(buried.get("MessageAttributes").is_none());

    let moved = letter(json!({
        "Attributes": { "MessageGroupId": "ten_2", "AWSTraceHeader": "Root=own" },
        "MessageAttributes": { "kept": { "DataType": "String", "StringValue": "x" } },
    }));
    let moved = moved.again("url");
    assert_eq!(moved["MessageGroupId"], "ten_2");
    assert_eq!(moved["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"], "Root=own");
    assert_eq!(moved["MessageAttributes"]["kept"]["StringValue"], "x");

    let foreign = letter(json!({ "Body": "no notice", "MessageAttributes": null })).again("url");
    assert_eq!(foreign, json!({ "QueueUrl": "url", "MessageBody": "no notice" }));
}

#[test]
fn ages_and_names_are_read_at_a_glance() {
    assert_eq!([-5, 59_000, 61_000, 7_200_000, 172_800_000].map(age), ["0 s", "59 s", "1 min", "2 h", "2 days"]);
    assert_eq!(["Payments", "WebhookDeliveries"].map(kebab), ["payments", "webhook-deliveries"]);
}
