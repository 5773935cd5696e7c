//! One POST to a receiver: bounded in time and in what is read of the answer, no redirect, no proxy. An address in the place
//! of a name skips the resolver, so it is looked at here.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use domain::webhook::{Outcome, Reach, ResponseText, WebhookUrl, check_address};
use ports::webhooks::{Message, Sent, WebhookSender};
use ports::{PortError, PortErrorKind};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};

use crate::guard::{Guard, Lookup, is_refusal, system_lookup};
use crate::retry_after;

const USER_AGENT: &str = concat!("coffer-webhooks/", env!("CARGO_PKG_VERSION"));
/// Connections are kept for the rest of a batch: a function may be frozen and thawed later, when they are dead.
const IDLE_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct SenderConfig {
    pub reach: Reach,
    pub connect_timeout: Duration,
    /// For a whole request. The specification recommends 15 to 30 seconds.
    pub timeout: Duration,
}

impl SenderConfig {
    pub fn new(reach: Reach) -> Self {
        Self { reach, connect_timeout: Duration::from_secs(5), timeout: Duration::from_secs(15) }
    }
}

#[derive(Debug, Clone)]
pub struct HttpSender {
    client: Client,
    reach: Reach,
}

impl HttpSender {
    pub fn new(config: SenderConfig) -> Result<Self, PortError> {
        Self::resolving(config, system_lookup())
    }

    pub(crate) fn resolving(config: SenderConfig, lookup: Lookup) -> Result<Self, PortError> {
        let SenderConfig { reach, connect_timeout, timeout } = config;
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .dns_resolver(Guard { lookup, reach })
            .connect_timeout(connect_timeout)
            .timeout(timeout)
            .pool_idle_timeout(IDLE_MAX)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|source| PortError::caused_by(PortErrorKind::Rejected, "set up the webhooks' client", source))?;
        Ok(Self { client, reach })
    }

    fn request(&self, url: Url, message: &Message) -> RequestBuilder {
        let Message { url: _, id, at, signature, traceparent, body } = message;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at.as_seconds())
            .header("webhook-signature", signature)
            .body(body.clone());
        match traceparent {
            Some(traceparent) => request.header("traceparent", traceparent),
            None => request,
        }
    }
}

#[async_trait]
impl WebhookSender for HttpSender {
    async fn send(&self, message: &Message) -> Sent {
        let Some(url) = checked(&message.url, self.reach) else { return nothing(Outcome::AddressRefused) };
        match self.request(url, message).send().await {
            Ok(response) => answered(response, message).await,
            Err(error) => nothing(outcome_of(&error)),
        }
    }
}

/// The URL as it is called, if it is one that webhooks go to: what was stored is looked at again, since the deployment's
/// reach may have become narrower.
fn checked(url: &WebhookUrl, reach: Reach) -> Option<Url> {
    let target = WebhookUrl::parse(url.as_str(), reach).ok()?;
    let target = target.target()?;
    let parsed = Url::parse(url.as_str()).ok()?;
    let is_same_host = parsed.host_str() == Some(target.host);
    let address = target.host.parse::<IpAddr>().ok();
    let may_go_there = address.is_none_or(|address| check_address(address, reach).is_ok());
    let has_no_user = parsed.username().is_empty() && parsed.password().is_none();
    (is_same_host && may_go_there && has_no_user).then_some(parsed)
}

/// An answer counts from its status on; of its body the beginning is read, as far as there is time for it.
async fn answered(mut response: Response, message: &Message) -> Sent {
    let outcome = Outcome::Answered(response.status().as_u16());
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|text| retry_after::parse(text, message.at));
    let mut body = Vec::new();
    while body.len() < ResponseText::LEN_MAX {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(ResponseText::LEN_MAX)]),
            Ok(None) | Err(_) => break,
        }
    }
    Sent { outcome, response: ResponseText::cut(&body), retry_after }
}

fn outcome_of(error: &reqwest::Error) -> Outcome {
    if is_refusal(error) {
        Outcome::AddressRefused
    } else if error.is_timeout() {
        Outcome::TimedOut
    } else {
        Outcome::Unreachable
    }
}

fn nothing(outcome: Outcome) -> Sent {
    Sent { outcome, response: ResponseText::default(), retry_after: None }
}

#[cfg(test)]
#[path = "sender_tests.rs"]
mod tests;
