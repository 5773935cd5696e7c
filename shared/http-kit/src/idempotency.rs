//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the claim a request makes.

use std::time::Duration;

use domain::idempotency::{Claim, Fingerprint, IdempotencyKey};
use hmac_sha256::Hash;
use serde_json::Value;

use crate::{Code, Problem, Request};

/// How long a key's answer is kept, as published.
pub const KEPT_FOR: Duration = domain::idempotency::KEPT_FOR;

/// The claim of a request, where it names a key. Two bodies that are the same JSON are the same request, however they are
/// spaced and ordered.
pub(crate) fn claim(request: &Request) -> Result<Option<Claim>, Problem> {
    let Some(value) = request.headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let key = IdempotencyKey::parse(text)
        .map_err(|invalid| Problem::new(Code::InvalidIdempotencyKey, format!("Idempotency-Key {}.", invalid.detail)))?;
    let route = format!("{} {}", request.method, request.path);
    Ok(Some(Claim { route, key, fingerprint: fingerprint(&request.body) }))
}

pub(crate) fn required(request: &Request) -> Result<Claim, Problem> {
    claim(request)?.ok_or_else(|| {
        let hours = KEPT_FOR.as_secs() / 3_600;
        let detail = format!("Send an Idempotency-Key header of your choice; its answer is kept for {hours} hours.");
        Problem::new(Code::IdempotencyKeyRequired, detail)
    })
}

fn fingerprint(body: &[u8]) -> Fingerprint {
    let canonical = serde_json::from_slice::<Value>(body).map(|value| value.to_string().into_bytes());
    Fingerprint(Hash::hash(canonical.as_deref().unwrap_or(body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_what_it_says_not_how_it_is_written() {
        assert_eq!(fingerprint(br#"{"a":1,"b":[2]}"#), fingerprint(b"{ \"b\": [2],\n \"a\": 1 }"));
        assert_ne!(fingerprint(br#"{"a":1}"#), fingerprint(br#"{"a":2}"#));
    }
}
