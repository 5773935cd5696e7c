//! For tests: a signing key in memory, and tokens put together by hand, so that each part can be forged.

use async_trait::async_trait;
use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};
use ports::PortError;
use ports::credentials::{PublicKey, TokenKey};
use serde_json::{Value, json};

use crate::jws::{encode, sha256};

/// A fixed private key (the example of RFC 7515, appendix A.3), so that runs are alike but for ECDSA's own chance.
const D: [u8; 32] = [
    142, 155, 16, 158, 113, 144, 152, 191, 152, 4, 135, 223, 31, 93, 119, 233, 203, 41, 96, 110, 190, 210, 38, 59, 95,
    87, 194, 19, 223, 132, 244, 178,
];
const X: [u8; 32] = [
    127, 205, 206, 39, 112, 246, 196, 93, 65, 131, 203, 238, 111, 219, 75, 123, 88, 7, 51, 53, 123, 233, 239, 19, 186,
    207, 110, 60, 123, 209, 84, 69,
];
const Y: [u8; 32] = [
    199, 241, 68, 205, 27, 189, 155, 126, 135, 44, 223, 237, 185, 238, 185, 244, 179, 105, 93, 110, 169, 11, 36, 173,
    138, 70, 35, 40, 133, 136, 229, 173,
];

pub struct TestKey {
    id: &'static str,
}

impl TestKey {
    pub fn new(id: &'static str) -> Self {
        Self { id }
    }

    pub fn public(&self) -> PublicKey {
        PublicKey { id: self.id.to_owned(), x: X, y: Y }
    }

    fn pair(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
        let point = [&[4][..], &X, &Y].concat();
        EcdsaKeyPair::from_private_key_and_public_key(algorithm, &D, &point).expect("a key pair")
    }

    /// A token of any header and payload with a good signature.
    pub fn token(&self, header: &Value, payload: &Value) -> String {
        self.token_of(&header.to_string(), &payload.to_string())
    }

    pub fn token_of(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let pair = Self::pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("signs");
        format!("{signed}.{}", encode(signature))
    }

    /// The signature of the same text as ASN.1, which is how KMS gives it and not how a JWS wants it.
    pub fn der_signature(signed: &str) -> Vec<u8> {
        let pair = Self::pair(&ECDSA_P256_SHA256_ASN1_SIGNING);
        pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("signs").as_ref().to_vec()
    }

    pub fn spki_point() -> Vec<u8> {
        Self::pair(&ECDSA_P256_SHA256_FIXED_SIGNING).public_key().as_ref().to_vec()
    }
}

#[async_trait]
impl TokenKey for TestKey {
    async fn public_key(&self) -> Result<PublicKey, PortError> {
        Ok(self.public())
    }

    async fn sign(&self, digest: [u8; 32]) -> Result<[u8; 64], PortError> {
        let digest = Digest::import_less_safe(&digest, &SHA256).expect("32 bytes");
        let signature = Self::pair(&ECDSA_P256_SHA256_FIXED_SIGNING).sign_digest(&digest).expect("signs");
        Ok(signature.as_ref().try_into().expect("64 bytes"))
    }
}

/// HS256 with any bytes as the secret.
pub fn hmac_token(header: &Value, payload: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    format!("{signed}.{}", encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes())))
}

/// `value` with the members of `change` put over it; `null` takes a member away.
pub fn with(value: &Value, change: Value) -> Value {
    let mut value = value.clone();
    for (name, member) in change.as_object().expect("an object") {
        let members = value.as_object_mut().expect("an object");
        if member.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), member.clone());
        }
    }
    value
}

#[test]
fn the_test_key_is_one() {
    assert_eq!(TestKey::spki_point(), [&[4][..], &X, &Y].concat());
    assert_eq!(sha256(b""), Digest::import_less_safe(&sha256(b""), &SHA256).expect("32 bytes").as_ref());
    assert_eq!(with(&json!({"a": 1, "b": 2}), json!({"a": null, "b": 3})), json!({"b": 3}));
}
