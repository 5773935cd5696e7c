//! A row for each way to forge, misuse or outlive a token, and two properties: changed tokens are refused, and a public
//! library takes what is issued here.

use domain::access::{Grant, Role};
use domain::ids::{ClientId, TenantId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::jws::{decode, encode};
use crate::test_key::{TestKey, hmac_token, with};
use crate::{Claims, issue, jwks};

const NOW_SECONDS: i64 = 1_795_000_000;
const KID: &str = "key-1";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

fn policy() -> Policy {
    Policy { issuer: "https://coffer.example".into(), audience: "coffer".into(), leeway: Duration::from_secs(10) }
}

fn user() -> Caller {
    Caller {
        tenant: TenantId::from_u128(1),
        subject: UserId::from_u128(2).to_string(),
        session: Some(SessionId::from_u128(3)),
        grant: Grant::Role(Role::Operator),
        issued_at_seconds: NOW_SECONDS,
    }
}

fn client() -> Caller {
    Caller {
        subject: ClientId::from_u128(4).to_string(),
        session: None,
        grant: Grant::Scopes(vec!["payments:write".into(), "orders:read".into()]),
        ..user()
    }
}

fn issued(caller: &Caller) -> String {
    let Policy { issuer, audience, .. } = policy();
    let claims = Claims { issuer: &issuer, audience: &audience, caller, id: "token-1" };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let token = runtime.block_on(issue(&TestKey::new(KID), &claims)).expect("issued");
    token.reveal().to_owned()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&decode(part).expect("base64url")).expect("JSON")
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": KID})
}

fn payload() -> Value {
    part(&issued(&user()), 1)
}

fn verdict(token: &str) -> Result<Caller, TokenRefusal> {
    verify(token, &[TestKey::new(KID).public()], &policy(), at(NOW_SECONDS))
}

#[test]
fn what_is_issued_is_taken_and_says_who_calls() {
    for caller in [user(), client()] {
        let token = issued(&caller);
        assert_eq!(verdict(&token), Ok(caller));
        assert_eq!(part(&token, 0), header());
    }
    assert_eq!(
        payload(),
        json!({
            "iss": "https://coffer.example", "aud": "coffer", "sub": "usr_00000000000000000000000002", "client_id": "coffer",
            "jti": "token-1", "iat": NOW_SECONDS, "nbf": NOW_SECONDS, "exp": NOW_SECONDS + 600,
            "tid": "ten_00000000000000000000000001", "sid": "ses_00000000000000000000000003", "role": "operator",
        })
    );
    let of_client = part(&issued(&client()), 1);
    assert_eq!(of_client["scope"], "payments:write orders:read");
    assert_eq!(of_client["client_id"], of_client["sub"]);
}

#[test]
fn callers_whose_token_would_be_refused_get_none() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for caller in [
        Caller { session: None, ..user() },
        Caller { subject: client().subject, ..user() },
        Caller { grant: Grant::Scopes(vec!["orders:read".into()]), ..user() },
        Caller { grant: Grant::Scopes(Vec::new()), ..client() },
        Caller { grant: Grant::Scopes(vec!["orders:fly".into()]), ..client() },
    ] {
        let claims = Claims { issuer: "i", audience: "a", caller: &caller, id: "t" };
        let refused = runtime.block_on(issue(&TestKey::new(KID), &claims)).map_err(|error| error.kind);
        assert_eq!(refused.err(), Some(ports::PortErrorKind::Rejected), "{caller:?}");
    }
}

#[test]
fn forged_headers_are_refused() {
    let key = TestKey::new(KID);
    let point = TestKey::spki_point();
    let hs256 = with(&header(), json!({"alg": "HS256"}));
    let jwk: Value = serde_json::from_str(&jwks(&[key.public()])).expect("JSON");
    let unsigned = |header: &Value| format!("{}.{}.", encode(header.to_string()), encode(payload().to_string()));
    let other = |change: Value| key.token(&with(&header(), change), &payload());
    for (name, token, expected) in [
        ("none, no signature", unsigned(&with(&header(), json!({"alg": "none"}))), TokenRefusal::Malformed),
        ("none", other(json!({"alg": "none"})), TokenRefusal::Algorithm),
        ("None", other(json!({"alg": "None"})), TokenRefusal::Algorithm),
        ("es256", other(json!({"alg": "es256"})), TokenRefusal::Algorithm),
        ("ES384", other(json!({"alg": "ES384"})), TokenRefusal::Algorithm),
        ("RS256", other(json!({"alg": "RS256"})), TokenRefusal::Algorithm),
        ("an empty algorithm", other(json!({"alg": ""})), TokenRefusal::Algorithm),
        ("HS256 with the public key as the secret", hmac_token(&hs256, &payload(), &point), TokenRefusal::Malformed),
        ("HS256 on a good signature", other(json!({"alg": "HS256"})), TokenRefusal::Algorithm),
        ("no algorithm", other(json!({"alg": null})), TokenRefusal::Header),
        ("an algorithm that is no text", other(json!({"alg": ["ES256"]})), TokenRefusal::Header),
        ("typ JWT", other(json!({"typ": "JWT"})), TokenRefusal::Type),
        ("typ of an ID token", other(json!({"typ": "id+jwt"})), TokenRefusal::Type),
        ("typ in capitals", other(json!({"typ": "AT+JWT"})), TokenRefusal::Type),
        ("no typ", other(json!({"typ": null})), TokenRefusal::Header),
        ("no kid", other(json!({"kid": null})), TokenRefusal::Header),
        ("another kid", other(json!({"kid": "key-2"})), TokenRefusal::UnknownKey),
        ("a kid with a path", other(json!({"kid": "../../dev/null"})), TokenRefusal::UnknownKey),
        ("jku", other(json!({"jku": "https://evil.example/keys"})), TokenRefusal::Header),
        ("jwk", other(json!({"jwk": jwk["keys"][0]})), TokenRefusal::Header),
        ("x5u", other(json!({"x5u": "https://evil.example/chain"})), TokenRefusal::Header),
        ("x5c", other(json!({"x5c": ["MIIB"]})), TokenRefusal::Header),
        ("crit", other(json!({"crit": ["exp"]})), TokenRefusal::Header),
        ("crit, empty", other(json!({"crit": []})), TokenRefusal::Header),
        ("b64", other(json!({"b64": false})), TokenRefusal::Header),
        ("zip", other(json!({"zip": "DEF"})), TokenRefusal::Header),
        ("cty", other(json!({"cty": "JWT"})), TokenRefusal::Header),
    ] {
        assert_eq!(verdict(&token), Err(expected), "{name}");
    }
    let twice = r#"{"alg":"ES256","alg":"none","typ":"at+jwt","kid":"key-1"}"#;
    assert_eq!(verdict(&key.token_of(twice, &payload().to_string())), Err(TokenRefusal::Header), "a member twice");
    assert_eq!(verdict(&key.token_of("no json", &payload().to_string())), Err(TokenRefusal::Header), "no JSON");
}

#[test]
fn damaged_frames_are_refused() {
    let token = issued(&user());
    let (signed, signature) = token.rsplit_once('.').expect("dots");
    let (head, body) = signed.split_once('.').expect("dots");
    let raw = decode(signature).expect("base64url");
    let zeros = encode([0; 64]);
    let n_minus_s_swapped = encode([&raw[32..], &raw[..32]].concat());
    let richer = encode(with(&payload(), json!({"role": "owner"})).to_string());
    // The last of 86 characters carries two bits only: the next letter of the alphabet says the same and more.
    let last = signature.chars().last().expect("not empty");
    let same_bits = char::from(last as u8 + 1);
    for (name, token, expected) in [
        ("empty", String::new(), TokenRefusal::Malformed),
        ("dots alone", "..".into(), TokenRefusal::Malformed),
        ("two parts", signed.to_owned(), TokenRefusal::Malformed),
        ("four parts", format!("{token}.{signature}"), TokenRefusal::Malformed),
        ("a dot behind", format!("{token}."), TokenRefusal::Malformed),
        ("a dot before", format!(".{token}"), TokenRefusal::Malformed),
        ("a space behind", format!("{token} "), TokenRefusal::Malformed),
        ("a line's end", format!("{token}\n"), TokenRefusal::Malformed),
        ("padding", format!("{token}=="), TokenRefusal::Malformed),
        ("truncated", token[..token.len() - 1].to_owned(), TokenRefusal::Malformed),
        ("the standard alphabet", format!("{head}.{body}.{}+/", &signature[..84]), TokenRefusal::Malformed),
        ("not canonical", format!("{signed}.{}{same_bits}", &signature[..85]), TokenRefusal::Malformed),
        ("r and s too short", format!("{signed}.{}", encode(&raw[1..])), TokenRefusal::Malformed),
        ("r and s too long", format!("{signed}.{}", encode([&raw[..], &[0]].concat())), TokenRefusal::Malformed),
        ("DER", format!("{signed}.{}", encode(TestKey::der_signature(signed))), TokenRefusal::Malformed),
        ("no signature", format!("{signed}."), TokenRefusal::Malformed),
        ("zeros for a signature", format!("{signed}.{zeros}"), TokenRefusal::Signature),
        ("r and s swapped", format!("{signed}.{n_minus_s_swapped}"), TokenRefusal::Signature),
        ("another payload", format!("{head}.{richer}.{signature}"), TokenRefusal::Signature),
        ("longer than any", format!("{token}{}", "A".repeat(TOKEN_LEN_MAX)), TokenRefusal::TooLong),
    ] {
        assert_eq!(verdict(&token), Err(expected), "{name}");
    }
    let other_key = PublicKey { x: [1; 32], ..TestKey::new(KID).public() };
    assert_eq!(
        verify(&token, &[other_key], &policy(), at(NOW_SECONDS)),
        Err(TokenRefusal::Signature),
        "no point of P-256"
    );
    assert_eq!(verify(&token, &[], &policy(), at(NOW_SECONDS)), Err(TokenRefusal::UnknownKey), "no keys");
}

#[test]
fn claims_are_refused_for_what_they_say() {
    let key = TestKey::new(KID);
    let say = |change: Value| verdict(&key.token(&header(), &with(&payload(), change)));
    for name in ["iss", "aud", "sub", "client_id", "jti", "iat", "nbf", "exp", "tid"] {
        assert_eq!(say(json!({name: null})), Err(TokenRefusal::Claims), "no {name}");
        assert_eq!(say(json!({name: {"is": "object"}})), Err(TokenRefusal::Claims), "{name} of another type");
    }
    for (change, expected) in [
        (json!({"exp": 1_795_000_600.5}), TokenRefusal::Claims),
        (json!({"exp": "1795000600"}), TokenRefusal::Claims),
        (json!({"iss": "https://coffer.example/"}), TokenRefusal::Issuer),
        (json!({"iss": "https://evil.example"}), TokenRefusal::Issuer),
        (json!({"aud": "Coffer"}), TokenRefusal::Audience),
        (json!({"aud": ["coffer", "other"]}), TokenRefusal::Claims),
        (json!({"exp": NOW_SECONDS - 10}), TokenRefusal::Expired),
        (json!({"exp": i64::MIN}), TokenRefusal::Expired),
        (json!({"nbf": NOW_SECONDS + 11}), TokenRefusal::NotYetValid),
        (json!({"iat": NOW_SECONDS + 11}), TokenRefusal::NotYetValid),
        (json!({"exp": NOW_SECONDS + 601}), TokenRefusal::Lifetime),
        (json!({"exp": i64::MAX, "iat": i64::MIN}), TokenRefusal::Lifetime),
        (json!({"tid": "usr_00000000000000000000000001"}), TokenRefusal::Scope),
        (json!({"tid": ""}), TokenRefusal::Scope),
        (json!({"sid": "ses_1"}), TokenRefusal::Scope),
        (json!({"sid": null}), TokenRefusal::Grant),
        (json!({"sub": "alice"}), TokenRefusal::Grant),
        (json!({"sub": "cli_00000000000000000000000002"}), TokenRefusal::Grant),
        (json!({"role": null}), TokenRefusal::Grant),
        (json!({"role": "root"}), TokenRefusal::Grant),
        (json!({"role": "Owner"}), TokenRefusal::Grant),
        (json!({"scope": "orders:read"}), TokenRefusal::Grant),
        (json!({"role": null, "scope": "orders:read"}), TokenRefusal::Grant),
    ] {
        assert_eq!(say(change.clone()), Err(expected), "{change}");
    }
    assert!(say(json!({"a_claim_of_tomorrow": [1]})).is_ok());
    let of_client = part(&issued(&client()), 1);
    for scope in ["", " ", "orders:read ", "orders:read  payments:read", "orders:fly", "*"] {
        let token = key.token(&header(), &with(&of_client, json!({"scope": scope})));
        assert_eq!(verdict(&token), Err(TokenRefusal::Grant), "{scope:?}");
    }
}

#[test]
fn time_is_the_caller_s_and_leeway_is_small() {
    let token = issued(&user());
    let keys = [TestKey::new(KID).public()];
    let lax = Policy { leeway: Duration::from_secs(86_400), ..policy() };
    let strict = Policy { leeway: Duration::ZERO, ..policy() };
    for (policy, seconds, expected) in [
        (&strict, NOW_SECONDS - 1, Some(TokenRefusal::NotYetValid)),
        (&strict, NOW_SECONDS, None),
        (&strict, NOW_SECONDS + 599, None),
        (&strict, NOW_SECONDS + 600, Some(TokenRefusal::Expired)),
        (&policy(), NOW_SECONDS - 10, None),
        (&policy(), NOW_SECONDS - 11, Some(TokenRefusal::NotYetValid)),
        (&policy(), NOW_SECONDS + 609, None),
        (&policy(), NOW_SECONDS + 610, Some(TokenRefusal::Expired)),
        (&lax, NOW_SECONDS + 629, None),
        (&lax, NOW_SECONDS + 630, Some(TokenRefusal::Expired)),
        (&lax, NOW_SECONDS - 31, Some(TokenRefusal::NotYetValid)),
    ] {
        assert_eq!(verify(&token, &keys, policy, at(seconds)).err(), expected, "{seconds}");
    }
}

#[test]
fn a_key_is_chosen_by_its_id_while_keys_rotate() {
    let (old, new) = (TestKey::new("old").public(), TestKey::new(KID).public());
    let useless = PublicKey { x: [9; 32], ..old };
    assert!(verify(&issued(&user()), &[useless, new], &policy(), at(NOW_SECONDS)).is_ok());
}

#[test]
fn a_public_library_takes_the_token_by_our_key_set() {
    let set: JwkSet = serde_json::from_str(&jwks(&[TestKey::new(KID).public()])).expect("a key set");
    let key = DecodingKey::from_jwk(set.find(KID).expect("the key")).expect("a P-256 key");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&["https://coffer.example"]);
    validation.set_audience(&["coffer"]);
    validation.validate_exp = false;
    let data = jsonwebtoken::decode::<Value>(issued(&user()), &key, &validation).expect("a good token");
    assert_eq!(data.claims, payload());
}

proptest! {
    #[test]
    fn any_change_of_one_byte_is_refused(index: prop::sample::Index, byte in 1_u8..128) {
        let token = issued(&user());
        let index = index.index(token.len());
        let mut bytes = token.clone().into_bytes();
        prop_assume!(bytes[index] != byte);
        bytes[index] = byte;
        let changed = String::from_utf8(bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(verdict(&changed).is_err(), "byte {} as {}", index, byte);
    }

    #[test]
    fn any_byte_left_out_or_put_in_is_refused(index: prop::sample::Index, byte in 1_u8..128) {
        let token = issued(&user());
        let index = index.index(token.len());
        let (mut shorter, mut longer) = (token.clone(), token.clone());
        shorter.remove(index);
        longer.insert(index, char::from(byte));
        prop_assert!(verdict(&shorter).is_err() && verdict(&longer).is_err());
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}(\\.\\PC{0,200}){0,3}") {
        prop_assert!(verdict(&text).is_err());
    }
}
