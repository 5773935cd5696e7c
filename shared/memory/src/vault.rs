//! A vault whose key is in this very file: it keeps the contract and protects nothing. Never outside a test.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use domain::secret::{Sealed, Secret};
use ports::vault::{Purpose, SECRET_LEN_MAX, Vault as VaultPort};
use ports::{PortError, PortErrorKind};

use crate::faults::Faults;

const KEY: [u8; 32] = *b"known to all who can read a test";

#[derive(Debug, Default)]
pub struct Vault {
    faults: Faults,
    sealed: AtomicU64,
}

impl Vault {
    pub fn new(faults: Faults) -> Self {
        Self { faults, sealed: AtomicU64::new(0) }
    }

    fn seal_now(&self, purpose: &Purpose, secret: &Secret) -> Result<Sealed, Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        nonce[..8].copy_from_slice(&self.sealed.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let mut text = secret.reveal().as_bytes().to_vec();
        key()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(purpose), &mut text)?;
        Ok(Sealed([nonce.as_slice(), &text].concat()))
    }
}

#[async_trait]
impl VaultPort for Vault {
    async fn seal(&self, purpose: &Purpose, secret: &Secret) -> Result<Sealed, PortError> {
        let effect = || {
            if secret.reveal().len() > SECRET_LEN_MAX {
                return Err(PortError::new(PortErrorKind::Rejected, "vault.seal"));
            }
            self.seal_now(purpose, secret).map_err(|_| PortError::new(PortErrorKind::Rejected, "vault.seal"))
        };
        self.faults.call("vault.seal", effect).await
    }

    async fn open(&self, purpose: &Purpose, sealed: &Sealed) -> Result<Secret, PortError> {
        let effect = || open(purpose, sealed).ok_or_else(|| PortError::new(PortErrorKind::Rejected, "vault.open"));
        self.faults.call("vault.open", effect).await
    }
}

fn key() -> Result<LessSafeKey, Unspecified> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &KEY)?))
}

fn bound_to(purpose: &Purpose) -> Aad<String> {
    let Purpose { tenant, name } = purpose;
    Aad::from(format!("{tenant} {name}"))
}

fn open(purpose: &Purpose, sealed: &Sealed) -> Option<Secret> {
    let (nonce, text) = sealed.0.split_at_checked(NONCE_LEN)?;
    let mut text = text.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let text = key().ok()?.open_in_place(nonce, bound_to(purpose), &mut text).ok()?;
    Some(Secret::new(String::from_utf8(text.to_vec()).ok()?))
}
