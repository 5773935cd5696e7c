//! Charges and refunds as the provider shows them.

use domain::dispute::{DisputeReason, DisputeStatus};
use domain::idempotency::Fingerprint;
use domain::payment::DeclineCode;
use http_kit::Response;
use sandbox::{Charge, Refund, RefundStatus};
use serde_json::{Value, json};

use crate::refusal::Refusal;

/// The answer to whoever makes a charge; a decline is an error of its own status.
pub(crate) fn made(charge: &Charge) -> Result<Response, Refusal> {
    match charge.status.decline() {
        Some(code) => Err(Refusal::new(402, code.as_str(), code.message())),
        None => Ok(one(self::charge(charge))),
    }
}

/// The same for a refund.
pub(crate) fn refunded(refund: &Refund) -> Result<Response, Refusal> {
    match refund.status {
        RefundStatus::Succeeded => Ok(one(self::refund(refund))),
        RefundStatus::Refused(why) => {
            Err(Refusal::new(402, why.as_str(), "The charge cannot be refunded by that much."))
        }
    }
}

pub(crate) fn one(object: Value) -> Response {
    Response::json(200, object.to_string())
}

pub(crate) fn list(object: Option<Value>) -> Response {
    one(json!({ "data": Vec::from_iter(object) }))
}

pub(crate) fn charge(charge: &Charge) -> Value {
    let Charge {
        key,
        fingerprint: Fingerprint(_),
        money,
        capture,
        status,
        captured,
        disputed: _,
        dispute,
        client_reference,
        refunded,
    } = charge;
    json!({
        "id": charge.id(),
        "status": status.as_str(),
        "decline_code": status.decline().map(DeclineCode::as_str),
        "amount": money.amount.get(),
        "currency": money.currency.code(),
        "capture": capture.as_str(),
        "amount_captured": captured,
        "amount_refunded": refunded,
        "dispute": dispute.map(|_| self::dispute(charge)),
        "client_reference": client_reference,
        "idempotency_key": key.as_str(),
    })
}

/// The dispute of a charge that has one.
pub(crate) fn dispute(charge: &Charge) -> Value {
    json!({
        "id": charge.dispute_id(),
        "charge": charge.id(),
        "amount": charge.captured,
        "currency": charge.money.currency.code(),
        "reason": DisputeReason::Fraudulent.as_str(),
        "status": charge.dispute.map(DisputeStatus::as_str),
    })
}

pub(crate) fn refund(refund: &Refund) -> Value {
    let Refund { key, fingerprint: Fingerprint(_), charge: _, money, status } = refund;
    let (status, refusal_code) = match status {
        RefundStatus::Succeeded => ("succeeded", None),
        RefundStatus::Refused(why) => ("refused", Some(why.as_str())),
    };
    json!({
        "id": refund.id(),
        "charge": refund.charge_id(),
        "status": status,
        "refusal_code": refusal_code,
        "amount": money.amount.get(),
        "currency": money.currency.code(),
        "idempotency_key": key.as_str(),
    })
}
