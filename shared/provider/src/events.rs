//! What the sandbox tells of its own accord: `{"id", "type", "data": {"idempotency_key", "client_reference"}}`, signed.

use async_trait::async_trait;
use domain::payment::Payment;
use domain::secret::Secret;
use domain::time::Timestamp;
use ports::provider::{NoticeRefusal, ProviderEvents, ProviderNotice};
use serde::Deserialize;

use crate::signature;

pub struct SandboxEvents {
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
    idempotency_key: String,
    client_reference: Option<String>,
}

impl SandboxEvents {
    pub fn new(secret: Secret) -> Self {
        Self { secret }
    }
}

#[async_trait]
impl ProviderEvents for SandboxEvents {
    fn signature_header(&self) -> &'static str {
        "sandbox-signature"
    }

    async fn read(&self, header: &str, body: &[u8], now: Timestamp) -> Result<Option<ProviderNotice>, NoticeRefusal> {
        signature::verify(&self.secret, header, body, now)?;
        let Event { id, kind, data } = serde_json::from_slice(body).map_err(|_| NoticeRefusal::Malformed)?;
        if !matches!(kind.as_str(), "charge.updated" | "dispute.updated") {
            return Ok(None);
        }
        let tenant = data.client_reference.and_then(|text| text.parse().ok()).ok_or(NoticeRefusal::Malformed)?;
        let payment = Payment::of_provider_key(&data.idempotency_key).ok_or(NoticeRefusal::Malformed)?;
        Ok(Some(ProviderNotice { id, tenant, payment }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
    const PAYMENT: &str = "pay_00000000000000000000000005";
    const TENANT: &str = "ten_00000000000000000000000001";

    async fn read(body: &str) -> Result<Option<ProviderNotice>, NoticeRefusal> {
        let events = SandboxEvents::new(Secret::new("hush"));
        let header = signature::sign(&Secret::new("hush"), NOW, body.as_bytes());
        events.read(&header, body.as_bytes(), NOW).await
    }

    fn body(kind: &str, key: &str, tenant: &str) -> String {
        format!(
            r#"{{"id":"evt_1","type":"{kind}","data":{{"idempotency_key":"{key}","client_reference":"{tenant}"}}}}"#
        )
    }

    #[tokio::test]
    async fn an_event_names_its_payment() {
        for kind in ["charge.updated", "dispute.updated"] {
            let notice = read(&body(kind, &format!("{PAYMENT}-1"), TENANT)).await.expect("good").expect("of interest");
            assert_eq!((notice.id.as_str(), notice.payment.to_string()), ("evt_1", PAYMENT.to_owned()));
            assert_eq!(notice.tenant.to_string(), TENANT);
        }
        assert_eq!(read(&body("payout.paid", "x", "y")).await, Ok(None));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused_only_once_it_is_proved() {
        for faulty in [
            "{}".to_owned(),
            "no json".to_owned(),
            body("charge.updated", "ord_1-1", TENANT),
            body("charge.updated", PAYMENT, TENANT),
            body("charge.updated", &format!("{PAYMENT}-1"), "ten_x"),
        ] {
            assert_eq!(read(&faulty).await, Err(NoticeRefusal::Malformed), "{faulty}");
        }
        let events = SandboxEvents::new(Secret::new("hush"));
        assert_eq!(events.read("t=1,v1=00", b"no json", NOW).await, Err(NoticeRefusal::BadSignature));
    }
}
