//! Our signatures are verified by others' code: the specification's own library, and another implementation of ed25519.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use ed25519_dalek::{Verifier, VerifyingKey};
use http::{HeaderMap, HeaderValue};
use standardwebhooks::Webhook;

use super::*;

const BODY: &str = r#"{"type":"payment.succeeded","data":{"name":"Zoë"}}"#;
const ID: &str = "evt_01m7zjed69effs2ab12b62e1ky";

/// The library holds the timestamp against the machine's clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp::from_ms(i64::try_from(since.as_millis()).expect("a moment"))
}

fn headers(at: Timestamp, signature: &str) -> HeaderMap {
    let header = |text: &str| HeaderValue::from_str(text).expect("a header");
    HeaderMap::from_iter([
        ("webhook-id".parse().expect("a name"), header(ID)),
        ("webhook-timestamp".parse().expect("a name"), header(&at.as_seconds().to_string())),
        ("webhook-signature".parse().expect("a name"), header(signature)),
    ])
}

fn sign(signature: Signature, secret: &Secret, at: Timestamp, body: &str) -> String {
    StandardSigner.sign(signature, secret, Signed { id: ID, at, body }).expect("a signature")
}

#[test]
fn the_public_library_takes_our_hmac_and_no_other() {
    let ours = StandardSigner.fresh(Signature::Hmac, [7; 32]).expect("a secret").secret;
    let theirs = StandardSigner.fresh(Signature::Hmac, [8; 32]).expect("a secret").secret;
    assert!(ours.reveal().starts_with("whsec_"));
    let at = now();
    let signature = sign(Signature::Hmac, &ours, at, BODY);
    let receiver = Webhook::new(ours.reveal()).expect("a secret of the specification's form");
    receiver.verify(BODY.as_bytes(), &headers(at, &signature)).expect("verified");
    let both = format!("{} {signature}", sign(Signature::Hmac, &theirs, at, BODY));
    receiver.verify(BODY.as_bytes(), &headers(at, &both)).expect("one of two, as while a secret is exchanged");
    for (name, body, signature) in [
        ("another body", "{}", signature.clone()),
        ("another secret", BODY, sign(Signature::Hmac, &theirs, at, BODY)),
        ("another time", BODY, sign(Signature::Hmac, &ours, Timestamp::from_ms(at.as_ms() - 10_000), BODY)),
    ] {
        assert!(receiver.verify(body.as_bytes(), &headers(at, &signature)).is_err(), "{name}");
    }
}

#[test]
fn another_implementation_takes_our_ed25519_and_no_other() {
    let FreshSecret { secret, public_key } = StandardSigner.fresh(Signature::Ed25519, [9; 32]).expect("a pair");
    let public_key = public_key.expect("a public key");
    assert!(secret.reveal().starts_with("whsk_") && public_key.starts_with("whpk_"));
    let bytes = STANDARD.decode(&public_key["whpk_".len()..]).expect("base64");
    let key = VerifyingKey::from_bytes(&bytes.try_into().expect("32 bytes")).expect("a point");
    let at = now();
    let header = sign(Signature::Ed25519, &secret, at, BODY);
    let signature = STANDARD.decode(header.strip_prefix("v1a,").expect("the version")).expect("base64");
    let signature = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
    let message = format!("{ID}.{}.{BODY}", at.as_seconds());
    key.verify(message.as_bytes(), &signature).expect("verified");
    assert!(key.verify(format!("{message} ").as_bytes(), &signature).is_err());
}

#[test]
fn a_secret_of_the_other_kind_is_refused_and_not_shown() {
    let hmac = StandardSigner.fresh(Signature::Hmac, [7; 32]).expect("a secret").secret;
    let signed = Signed { id: ID, at: now(), body: BODY };
    for (signature, secret) in [
        (Signature::Ed25519, hmac.clone()),
        (Signature::Hmac, Secret::new("whsec_%%%")),
        (Signature::Ed25519, Secret::new("whsk_AAAA")),
    ] {
        let error = StandardSigner.sign(signature, &secret, signed).expect_err("unusable");
        assert_eq!(error.kind, PortErrorKind::Corrupt);
        assert!(!format!("{error:?}").contains(secret.reveal()));
    }
}
