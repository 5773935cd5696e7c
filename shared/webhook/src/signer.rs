//! Secrets and signatures. HMAC-SHA256 (RFC 2104) is `v1`, with a secret of `whsec_` and base64; ed25519 (RFC 8032) is
//! `v1a`, with `whsk_` and `whpk_`. What is signed is `{id}.{seconds}.{body}`.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::secret::Secret;
use domain::webhook::Signature;
use ports::webhooks::{FreshSecret, Signed, WebhookSigner};
use ports::{PortError, PortErrorKind};

const HMAC_PREFIX: &str = "whsec_";
const PRIVATE_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";
const SEED_LEN: usize = 32;

#[derive(Debug, Clone, Copy)]
pub struct StandardSigner;

impl WebhookSigner for StandardSigner {
    fn fresh(&self, signature: Signature, random: [u8; 32]) -> Result<FreshSecret, PortError> {
        match signature {
            Signature::Hmac => Ok(FreshSecret { secret: encoded(HMAC_PREFIX, &random), public_key: None }),
            Signature::Ed25519 => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&random).map_err(|_| unusable())?;
                let public = pair.public_key().as_ref();
                // Seed and public key, as NaCl has a secret key.
                let secret = encoded(PRIVATE_PREFIX, &[random.as_slice(), public].concat());
                Ok(FreshSecret { secret, public_key: Some(encoded(PUBLIC_PREFIX, public).reveal().to_owned()) })
            }
        }
    }

    fn sign(&self, signature: Signature, secret: &Secret, signed: Signed<'_>) -> Result<String, PortError> {
        let Signed { id, at, body } = signed;
        let message = format!("{id}.{}.{body}", at.as_seconds());
        match signature {
            Signature::Hmac => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &decoded(HMAC_PREFIX, secret)?);
                Ok(format!("v1,{}", STANDARD.encode(hmac::sign(&key, message.as_bytes()))))
            }
            Signature::Ed25519 => {
                let bytes = decoded(PRIVATE_PREFIX, secret)?;
                let (seed, public) = bytes.split_at_checked(SEED_LEN).ok_or_else(unusable)?;
                let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(|_| unusable())?;
                Ok(format!("v1a,{}", STANDARD.encode(pair.sign(message.as_bytes()))))
            }
        }
    }
}

fn encoded(prefix: &str, bytes: &[u8]) -> Secret {
    Secret::new(format!("{prefix}{}", STANDARD.encode(bytes)))
}

fn decoded(prefix: &str, secret: &Secret) -> Result<Vec<u8>, PortError> {
    let text = secret.reveal().strip_prefix(prefix).ok_or_else(unusable)?;
    STANDARD.decode(text).map_err(|_| unusable())
}

/// Says nothing of the secret.
fn unusable() -> PortError {
    PortError::new(PortErrorKind::Corrupt, "use a webhook secret")
}

#[cfg(test)]
#[path = "signer_tests.rs"]
mod tests;
