//! The mail key: an HMAC key of KMS, under which the links of mails are signed. It never leaves KMS.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::verify_mac::VerifyMacError;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use domain::opt_out::OptOut;
use ports::mail::OptOutKey;
use ports::{PortError, PortErrorKind};

use crate::Aws;
use crate::error::port_error;

#[derive(Debug, Clone)]
pub struct KmsOptOutKey {
    client: Client,
    key_id: Arc<str>,
}

impl KmsOptOutKey {
    /// `key_id` is a key id, an ARN or `alias/...`.
    pub fn new(aws: &Aws, key_id: impl Into<Arc<str>>) -> Self {
        Self { client: aws.kms(), key_id: key_id.into() }
    }
}

#[async_trait]
impl OptOutKey for KmsOptOutKey {
    async fn sign(&self, of: &OptOut) -> Result<[u8; 32], PortError> {
        const OPERATION: &str = "sign the link of a mail";
        let request = self
            .client
            .generate_mac()
            .key_id(&*self.key_id)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(of.signed_text()));
        let answer = request.send().await.map_err(|error| port_error(OPERATION, error))?;
        let signature = answer.mac.and_then(|mac| mac.into_inner().try_into().ok());
        signature.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, OPERATION))
    }

    async fn is_signed(&self, of: &OptOut, signature: [u8; 32]) -> Result<bool, PortError> {
        let request = self
            .client
            .verify_mac()
            .key_id(&*self.key_id)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(of.signed_text()))
            .mac(Blob::new(signature));
        match request.send().await {
            Ok(answer) => Ok(answer.mac_valid),
            Err(error) if error.as_service_error().is_some_and(VerifyMacError::is_kms_invalid_mac_exception) => {
                Ok(false)
            }
            Err(error) => Err(port_error("verify the link of a mail", error)),
        }
    }
}
