//! A mail key that is in this very file: it keeps the contract and protects nothing. Never outside a test.

use async_trait::async_trait;
use domain::opt_out::OptOut;
use ports::PortError;

use crate::faults::Faults;

const KEY: &[u8] = b"known to all who can read a test";

#[derive(Debug, Default)]
pub struct OptOutKey {
    faults: Faults,
}

impl OptOutKey {
    pub fn new(faults: Faults) -> Self {
        Self { faults }
    }
}

#[async_trait]
impl ports::mail::OptOutKey for OptOutKey {
    async fn sign(&self, of: &OptOut) -> Result<[u8; 32], PortError> {
        self.faults.call("opt_out.sign", || Ok(signature(of))).await
    }

    async fn is_signed(&self, of: &OptOut, signed: [u8; 32]) -> Result<bool, PortError> {
        self.faults.call("opt_out.is_signed", || Ok(signature(of) == signed)).await
    }
}

fn signature(of: &OptOut) -> [u8; 32] {
    hmac_sha256::HMAC::mac(of.signed_text(), KEY)
}
