//! The frame of a token: JWS compact serialisation (RFC 7515, section 7.1) with ES256 (RFC 7518, section 3.4) and nothing
//! else. Base64url without padding, and only its canonical form.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::credentials::PublicKey;

pub(crate) const SIGNATURE_LEN: usize = 64;
/// The first byte of an uncompressed point (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `None` for padding, for another alphabet and for bits that a canonical encoding leaves at zero.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// A token taken apart, not verified.
pub(crate) struct Parts {
    pub header: Vec<u8>,
    pub payload: Vec<u8>,
    signature: [u8; SIGNATURE_LEN],
    signed_len: usize,
}

impl Parts {
    /// `None` unless there are exactly three parts, each canonical, the last of 64 bytes.
    pub(crate) fn split(token: &str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        Some(Self {
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?.try_into().ok()?,
            signed_len: signed.len(),
        })
    }

    /// Whether the key's owner signed the very text of `token`, which these parts are of.
    pub(crate) fn is_signed_by(&self, key: &PublicKey, token: &str) -> bool {
        let mut point = [UNCOMPRESSED; 65];
        point[1..33].copy_from_slice(&key.x);
        point[33..].copy_from_slice(&key.y);
        let signed = &token.as_bytes()[..self.signed_len];
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, &self.signature).is_ok()
    }
}
