//! The vault: a symmetric KMS key that encrypts what is small enough to be sent to it. The purpose is the encryption
//! context (<https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html>): without the same one nothing is
//! decrypted, and it stands in CloudTrail beside each use.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use domain::secret::{Sealed, Secret};
use ports::vault::{Purpose, SECRET_LEN_MAX, Vault};
use ports::{PortError, PortErrorKind};

use crate::Aws;
use crate::error::port_error;

#[derive(Debug, Clone)]
pub struct KmsVault {
    client: Client,
    key_id: Arc<str>,
}

impl KmsVault {
    /// `key_id` is a key id, an ARN or `alias/...`.
    pub fn new(aws: &Aws, key_id: impl Into<Arc<str>>) -> Self {
        Self { client: aws.kms(), key_id: key_id.into() }
    }
}

#[async_trait]
impl Vault for KmsVault {
    async fn seal(&self, purpose: &Purpose, secret: &Secret) -> Result<Sealed, PortError> {
        const OPERATION: &str = "seal a secret";
        let text = secret.reveal().as_bytes();
        if text.len() > SECRET_LEN_MAX {
            return Err(PortError::caused_by(PortErrorKind::Rejected, OPERATION, "it is too long"));
        }
        let request = self
            .client
            .encrypt()
            .key_id(&*self.key_id)
            .set_encryption_context(Some(context(purpose)))
            .plaintext(Blob::new(text));
        let answer = request.send().await.map_err(|error| port_error(OPERATION, error))?;
        let sealed = answer.ciphertext_blob.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, OPERATION))?;
        Ok(Sealed(sealed.into_inner()))
    }

    async fn open(&self, purpose: &Purpose, sealed: &Sealed) -> Result<Secret, PortError> {
        const OPERATION: &str = "open a sealed secret";
        let request = self
            .client
            .decrypt()
            .key_id(&*self.key_id)
            .set_encryption_context(Some(context(purpose)))
            .ciphertext_blob(Blob::new(sealed.0.clone()));
        let answer = request.send().await.map_err(|error| port_error(OPERATION, error))?;
        let text = answer.plaintext.map(Blob::into_inner).and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Secret::new).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, OPERATION))
    }
}

fn context(purpose: &Purpose) -> HashMap<String, String> {
    let Purpose { tenant, name } = purpose;
    HashMap::from([("tenant".to_owned(), tenant.to_string()), ("purpose".to_owned(), name.clone())])
}
