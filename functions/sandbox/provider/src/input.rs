//! What comes in: keys and bodies, parsed once.

use aws_lc_rs::digest::{SHA256, digest};
use domain::field::Invalid;
use domain::idempotency::Fingerprint;
use domain::money::{Amount, Currency, Money};
use domain::payment::Capture;
use domain::secret::Secret;
use http_kit::Request;
use sandbox::Key;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// The key that a charge or a refund is made under.
pub(crate) fn key_of_header(request: &Request) -> Result<Key, Refusal> {
    let header = request.header("idempotency-key");
    let header = header.ok_or_else(|| Refusal::new(400, "idempotency_key_required", "Send an Idempotency-Key."))?;
    Key::parse(header).map_err(refused)
}

/// The key that a charge or a refund is looked for by.
pub(crate) fn key_of_query(request: &Request) -> Result<Key, Refusal> {
    let pair = request.query.iter().find(|(name, _)| name == "idempotency_key");
    let (_, key) = pair.ok_or_else(|| Refusal::new(400, "idempotency_key_required", "Name the idempotency_key."))?;
    Key::parse(key).map_err(refused)
}

pub(crate) struct ChargeInput {
    pub money: Money,
    pub token: Secret,
    pub capture: Capture,
    pub client_reference: Option<String>,
    pub fingerprint: Fingerprint,
}

pub(crate) struct RefundInput {
    /// The provider's name for the charge.
    pub charge: String,
    pub money: Money,
    pub fingerprint: Fingerprint,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChargeBody {
    amount: i64,
    currency: String,
    token: String,
    /// `automatic` when left out, or `manual`.
    capture: Option<String>,
    client_reference: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceBody {
    evidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaptureBody {
    amount: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundBody {
    charge: String,
    amount: i64,
    currency: String,
}

pub(crate) fn charge(body: &[u8]) -> Result<ChargeInput, Refusal> {
    let ChargeBody { amount, currency, token, capture, client_reference } = parse(body)?;
    let capture = match capture {
        None => Capture::Automatic,
        Some(text) => Capture::parse(&text)
            .ok_or_else(|| Refusal::new(400, "invalid_capture", "The capture is automatic or manual."))?,
    };
    let fingerprint = fingerprint(&[&amount.to_string(), &currency, &token, capture.as_str()]);
    Ok(ChargeInput {
        money: money(amount, &currency)?,
        token: Secret::new(token),
        capture,
        client_reference,
        fingerprint,
    })
}

pub(crate) fn evidence(body: &[u8]) -> Result<String, Refusal> {
    parse::<EvidenceBody>(body).map(|EvidenceBody { evidence }| evidence)
}

pub(crate) fn capture(body: &[u8]) -> Result<Amount, Refusal> {
    let CaptureBody { amount: minor_units } = parse(body)?;
    amount(minor_units)
}

pub(crate) fn refund(body: &[u8]) -> Result<RefundInput, Refusal> {
    let RefundBody { charge, amount, currency } = parse(body)?;
    let fingerprint = fingerprint(&[&amount.to_string(), &currency, &charge]);
    Ok(RefundInput { money: money(amount, &currency)?, charge, fingerprint })
}

/// The parser's own message is not passed on: it may quote the body.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::new(400, "invalid_body", "The body is not what the route takes."))
}

fn amount(minor_units: i64) -> Result<Amount, Refusal> {
    Amount::new(minor_units).map_err(|invalid| Refusal::new(400, "invalid_amount", invalid.detail))
}

fn money(minor_units: i64, currency: &str) -> Result<Money, Refusal> {
    Ok(Money { amount: amount(minor_units)?, currency: Currency::parse(currency).map_err(refused)? })
}

fn refused(invalid: Invalid) -> Refusal {
    Refusal::new(400, invalid.code, invalid.detail)
}

/// Parts of one length prefix each, so that no two inputs run into one another.
fn fingerprint(parts: &[&str]) -> Fingerprint {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    Fingerprint(hash)
}
