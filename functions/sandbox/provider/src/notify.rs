//! Telling the client of what happened: a signed event to the address it gave.

use std::time::Duration;

use async_trait::async_trait;
use domain::secret::Secret;
use ports::clock::Clock;
use reqwest::Client;
use reqwest::redirect::Policy;
use sandbox::Charge;
use serde_json::{Value, json};

const TIMEOUT: Duration = Duration::from_secs(3);

#[async_trait]
pub trait Listener: Send + Sync {
    async fn hear(&self, event: &Value);
}

/// An event of what the charge is now. Its id says so too: the same state told twice is one event.
pub(crate) async fn tell(listener: Option<&dyn Listener>, charge: &Charge) {
    let Some(listener) = listener else { return };
    let (kind, state) = match charge.dispute {
        Some(status) => ("dispute.updated", status.as_str()),
        None => ("charge.updated", charge.status.as_str()),
    };
    let data = json!({ "idempotency_key": charge.key.as_str(), "client_reference": charge.client_reference });
    let id = format!("evt_{}_{state}", charge.key);
    listener.hear(&json!({ "id": id, "type": kind, "data": data })).await;
}

pub struct HttpListener<'a> {
    client: Client,
    url: String,
    secret: Secret,
    clock: &'a dyn Clock,
}

impl<'a> HttpListener<'a> {
    pub fn new(url: String, secret: Secret, clock: &'a dyn Clock) -> Result<Self, reqwest::Error> {
        let builder = Client::builder().timeout(TIMEOUT).redirect(Policy::none()).no_proxy();
        let builder = if url.starts_with("http:") { builder.tls_certs_only([]) } else { builder };
        Ok(Self { client: builder.build()?, url, secret, clock })
    }
}

#[async_trait]
impl Listener for HttpListener<'_> {
    async fn hear(&self, event: &Value) {
        let body = event.to_string();
        let signature = provider::sign(&self.secret, self.clock.now(), body.as_bytes());
        let request = self.client.post(&self.url).header("Sandbox-Signature", signature);
        let answer = request.header("Content-Type", "application/json").body(body).send().await;
        match answer.and_then(|answer| answer.error_for_status()) {
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error.without_url(), "an event was not taken"),
        }
    }
}
