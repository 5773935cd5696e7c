//! The token key: an asymmetric KMS key (`ECC_NIST_P256`, `SIGN_VERIFY`) whose private half never leaves KMS. KMS speaks
//! DER; a JWS wants bare numbers.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::credentials::{PublicKey, TokenKey};
use ports::{PortError, PortErrorKind};
use tokio::sync::OnceCell;

use crate::Aws;
use crate::digest::sha256;
use crate::error::port_error;

/// Fetches the public key once; what a key id stands for does not change while a function lives.
#[derive(Debug, Clone)]
pub struct KmsTokenKey {
    client: Client,
    key_id: Arc<str>,
    public_key: Arc<OnceCell<PublicKey>>,
}

impl KmsTokenKey {
    /// `key_id` is a key id, an ARN or `alias/...`.
    pub fn new(aws: &Aws, key_id: impl Into<Arc<str>>) -> Self {
        Self { client: aws.kms(), key_id: key_id.into(), public_key: Arc::default() }
    }

    async fn fetch(&self) -> Result<PublicKey, PortError> {
        const OPERATION: &str = "fetch the token key";
        let answer = self.client.get_public_key().key_id(&*self.key_id).send().await;
        let der = answer.map_err(|error| port_error(OPERATION, error))?.public_key.unwrap_or(Blob::new([]));
        parse_public_key(der.as_ref())
            .ok_or_else(|| PortError::caused_by(PortErrorKind::Corrupt, OPERATION, "the key is not on P-256"))
    }
}

#[async_trait]
impl TokenKey for KmsTokenKey {
    async fn public_key(&self) -> Result<PublicKey, PortError> {
        self.public_key.get_or_try_init(|| self.fetch()).await.cloned()
    }

    async fn sign(&self, digest: [u8; 32]) -> Result<[u8; 64], PortError> {
        const OPERATION: &str = "sign a token";
        let request = self
            .client
            .sign()
            .key_id(&*self.key_id)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .message_type(MessageType::Digest)
            .message(Blob::new(digest));
        let answer = request.send().await.map_err(|error| port_error(OPERATION, error))?;
        let der = answer.signature.unwrap_or(Blob::new([]));
        parse_signature(der.as_ref()).ok_or_else(|| {
            PortError::caused_by(PortErrorKind::Corrupt, OPERATION, "the signature is no ECDSA-Sig-Value")
        })
    }
}

/// An uncompressed P-256 point as SubjectPublicKeyInfo (RFC 5480): 26 fixed bytes, 0x04, x and y.
fn parse_public_key(der: &[u8]) -> Option<PublicKey> {
    const PREFIX: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, // id-ecPublicKey
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, // secp256r1
        0x03, 0x42, 0x00, 0x04, // a bit string: an uncompressed point
    ];
    let (x, y) = der.strip_prefix(PREFIX)?.split_at_checked(32)?;
    let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
    Some(PublicKey { id: thumbprint(x, y), x, y })
}

/// RFC 7638: the SHA-256 of the key's required members in lexicographic order, without white space.
fn thumbprint(x: [u8; 32], y: [u8; 32]) -> String {
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
}

/// `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279, section 2.2.3) as 32 bytes each. Strict DER: nothing longer than it must
/// be, nothing negative, nothing after it.
fn parse_signature(der: &[u8]) -> Option<[u8; 64]> {
    let (content, rest) = take(der, 0x30)?;
    let (r, content) = take(content, 0x02)?;
    let (s, content) = take(content, 0x02)?;
    if !rest.is_empty() || !content.is_empty() {
        return None;
    }
    let mut signature = [0_u8; 64];
    let (r_out, s_out) = signature.split_at_mut(32);
    put_number(r, r_out)?;
    put_number(s, s_out)?;
    Some(signature)
}

/// An element's content and what follows it. A P-256 signature is 72 bytes at most: lengths have one byte.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = der else { return None };
    if *first != tag || *length >= 0x80 {
        return None;
    }
    rest.split_at_checked(usize::from(*length))
}

fn put_number(number: &[u8], out: &mut [u8]) -> Option<()> {
    let magnitude = match number {
        [] | [0] => return None,
        // A leading zero is there exactly when the next byte would look negative.
        [0, next, ..] if *next < 0x80 => return None,
        [0, magnitude @ ..] => magnitude,
        [first, ..] if *first >= 0x80 => return None,
        magnitude => magnitude,
    };
    let start = out.len().checked_sub(magnitude.len())?;
    out[start..].copy_from_slice(magnitude);
    Some(())
}

#[cfg(test)]
#[path = "kms_tests.rs"]
mod tests;
