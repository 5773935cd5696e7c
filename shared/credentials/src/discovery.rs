//! What others need to verify our tokens and to get some: the key set (RFC 7517) and the server's metadata (RFC 8414).

use ports::credentials::PublicKey;
use serde_json::json;

use crate::access_token::ALGORITHM;
use crate::jws::encode;

/// The public keys as a JWK Set (RFC 7517, section 5; RFC 7518, section 6.2), for `/.well-known/jwks.json`.
pub fn jwks(keys: &[PublicKey]) -> String {
    let keys: Vec<_> = keys.iter().map(jwk).collect();
    json!({ "keys": keys }).to_string()
}

fn jwk(key: &PublicKey) -> serde_json::Value {
    let PublicKey { id, x, y } = key;
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": ALGORITHM, "kid": id, "x": encode(x), "y": encode(y) })
}

/// The authorization server's metadata (RFC 8414, section 2). It names what is served today: tokens come from logging in,
/// which is no grant of OAuth, so there is no token endpoint yet and the lists of grants and response types are empty.
pub fn metadata(issuer: &str) -> String {
    let base = issuer.trim_end_matches('/');
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "response_types_supported": [],
        "grant_types_supported": [],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn key_sets_are_empty_or_hold_the_public_half() {
        assert_eq!(jwks(&[]), r#"{"keys":[]}"#);
        let key = PublicKey { id: "k1".into(), x: [0; 32], y: [255; 32] };
        let set: Value = serde_json::from_str(&jwks(&[key])).expect("JSON");
        assert_eq!(
            set["keys"][0],
            json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k1",
                "x": "A".repeat(43), "y": format!("{}8", "_".repeat(42)),
            })
        );
    }

    #[test]
    fn metadata_keeps_the_issuer_to_the_letter() {
        let read = |issuer: &str| serde_json::from_str::<Value>(&metadata(issuer)).expect("JSON");
        let metadata = read("https://shop.example/api/v1");
        assert_eq!(metadata["issuer"], "https://shop.example/api/v1");
        assert_eq!(metadata["token_endpoint"], Value::Null, "no route serves it");
        assert_eq!(metadata["jwks_uri"], "https://shop.example/api/v1/.well-known/jwks.json");
        assert_eq!(read("https://shop.example/")["issuer"], "https://shop.example/");
    }
}
