//! A signing key that lives as long as the process: a real one, so that what it signs can be verified.

use async_trait::async_trait;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::credentials::{PublicKey, TokenKey};
use ports::{PortError, PortErrorKind};

use crate::faults::Faults;

#[derive(Debug)]
pub struct Key {
    faults: Faults,
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl Key {
    pub fn generate(faults: Faults) -> Result<Self, PortError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(rejected)?;
        let public = public_key(&pair).ok_or_else(|| rejected(Unspecified))?;
        Ok(Self { faults, pair, public })
    }
}

#[async_trait]
impl TokenKey for Key {
    async fn public_key(&self) -> Result<PublicKey, PortError> {
        self.faults.call("key.public_key", || Ok(self.public.clone())).await
    }

    async fn sign(&self, digest: [u8; 32]) -> Result<[u8; 64], PortError> {
        self.faults.call("key.sign", || sign(&self.pair, &digest).map_err(rejected)).await
    }
}

fn rejected(error: Unspecified) -> PortError {
    PortError::caused_by(PortErrorKind::Rejected, "key", error)
}

fn sign(pair: &EcdsaKeyPair, digest: &[u8; 32]) -> Result<[u8; 64], Unspecified> {
    let signature = pair.sign_digest(&Digest::import_less_safe(digest, &SHA256)?)?;
    signature.as_ref().try_into().map_err(|_| Unspecified)
}

/// From the uncompressed point: 4, x, y.
fn public_key(pair: &EcdsaKeyPair) -> Option<PublicKey> {
    let (x, y) = pair.public_key().as_ref().strip_prefix(&[4])?.split_at_checked(32)?;
    let (x, y): ([u8; 32], [u8; 32]) = (x.try_into().ok()?, y.try_into().ok()?);
    let base64 = |bytes| URL_SAFE_NO_PAD.encode(bytes);
    // RFC 7638, section 3.2.
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, base64(x), base64(y));
    let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()));
    Some(PublicKey { id, x, y })
}
