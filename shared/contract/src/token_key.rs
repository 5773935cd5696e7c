//! The signing key: what it signs verifies under its public half, as any JWT library would check it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::credentials::{PublicKey, TokenKey};

fn sha256(message: &[u8]) -> [u8; 32] {
    digest(&SHA256, message).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn verifies(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    const UNCOMPRESSED: &[u8] = &[4];
    let point = [UNCOMPRESSED, &key.x, &key.y].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
}

/// Many of them, so that coordinates with leading zeros come by, which have to keep their 32 bytes.
pub async fn a_signature_verifies_under_the_public_key(key: &dyn TokenKey) {
    let public = key.public_key().await.expect("the public key is told");
    for n in 0..16 {
        let message = format!("header.payload-{n}");
        let signature = key.sign(sha256(message.as_bytes())).await.expect("a digest is signed");
        assert!(verifies(&public, message.as_bytes(), &signature), "a signature does not verify");
        assert!(!verifies(&public, b"header.forged", &signature), "a signature verifies for another message");
    }
}

pub async fn the_key_s_id_is_its_thumbprint(key: &dyn TokenKey) {
    let PublicKey { id, x, y } = key.public_key().await.expect("the public key is told");
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    // RFC 7638, section 3.2: the required members in lexicographic order, without white space.
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    assert_eq!(id, URL_SAFE_NO_PAD.encode(sha256(members.as_bytes())));
}

pub async fn the_public_key_stays_the_same(key: &dyn TokenKey) {
    let first = key.public_key().await.expect("the public key is told");
    key.sign([7; 32]).await.expect("a digest is signed");
    assert_eq!(key.public_key().await.expect("the public key is told"), first);
}
