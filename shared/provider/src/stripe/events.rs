//! What Stripe tells of its own accord (<https://docs.stripe.com/api/events/object>). The charge's tenant and payment are in
//! the metadata that it was made with: Stripe copies an intent's onto its charges, but not onto disputes and refunds, which
//! name the intent.

use std::collections::BTreeMap;

use domain::secret::Secret;
use domain::time::Timestamp;
use ports::provider::{NoticeRefusal, ProviderEvents, ProviderNotice};
use serde::Deserialize;

use crate::signature;

pub struct StripeEvents {
    secret: Secret,
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
}

impl StripeEvents {
    pub fn new(secret: Secret) -> Self {
        Self { secret }
    }
}

impl ProviderEvents for StripeEvents {
    fn signature_header(&self) -> &'static str {
        "stripe-signature"
    }

    fn read(&self, header: &str, body: &[u8], now: Timestamp) -> Result<Option<ProviderNotice>, NoticeRefusal> {
        signature::verify(&self.secret, header, body, now)?;
        let Event { id, kind, data } = serde_json::from_slice(body).map_err(|_| NoticeRefusal::Malformed)?;
        if !(kind.starts_with("payment_intent.") || kind.starts_with("charge.")) {
            return Ok(None);
        }
        let metadata = data.object.metadata;
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
