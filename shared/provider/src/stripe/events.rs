//! What Stripe tells of its own accord (<https://docs.stripe.com/api/events/object>). The charge's tenant and payment are in
//! the metadata of its intent. A dispute has none of it and names the intent, which is asked for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::secret::Secret;
use domain::time::Timestamp;
use ports::provider::{NoticeRefusal, ProviderError, ProviderEvents, ProviderNotice};
use serde::Deserialize;

use super::StripeProvider;
use crate::signature;

pub struct StripeEvents {
    secret: Secret,
    stripe: StripeProvider,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    payment_intent: Option<String>,
}

impl StripeEvents {
    pub fn new(secret: Secret, stripe: StripeProvider) -> Self {
        Self { secret, stripe }
    }

    /// The metadata of an intent; none of one that is not in this account.
    async fn marks(&self, intent: &str) -> Result<BTreeMap<String, String>, NoticeRefusal> {
        match self.stripe.intent(intent).await {
            Ok(intent) => Ok(intent.metadata),
            Err(ProviderError::Rejected(code)) if code == "resource_missing" => Ok(BTreeMap::new()),
            Err(_) => Err(NoticeRefusal::Unavailable),
        }
    }
}

#[async_trait]
impl ProviderEvents for StripeEvents {
    fn signature_header(&self) -> &'static str {
        "stripe-signature"
    }

    async fn read(&self, header: &str, body: &[u8], now: Timestamp) -> Result<Option<ProviderNotice>, NoticeRefusal> {
        signature::verify(&self.secret, header, body, now)?;
        let Event { id, kind, data } = serde_json::from_slice(body).map_err(|_| NoticeRefusal::Malformed)?;
        let is_of_dispute = kind.starts_with("charge.dispute.");
        if !(is_of_dispute || kind.starts_with("payment_intent.")) {
            return Ok(None);
        }
        let Object { metadata, payment_intent } = data.object;
        let metadata = match payment_intent {
            Some(intent) if is_of_dispute => self.marks(&intent).await?,
            _ => metadata,
        };
        // An account may take money for others than Coffer: what does not carry our marks is none of ours.
        let (Some(tenant), Some(payment)) = (metadata.get("tenant"), metadata.get("payment")) else { return Ok(None) };
        let tenant = tenant.parse().map_err(|_| NoticeRefusal::Malformed)?;
        let payment = payment.parse().map_err(|_| NoticeRefusal::Malformed)?;
        Ok(Some(ProviderNotice { id, tenant, payment }))
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
