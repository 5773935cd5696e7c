//! The sandbox provider's API as a [`PaymentProvider`]. Bounded in time, follows no redirect, uses no proxy; the key and
//! the card's token are in no error and in no `Debug`.

use std::time::Duration;

use async_trait::async_trait;
use domain::dispute::DisputeReport;
use domain::money::Money;
use domain::payment::Verdict;
use domain::refund::RefundVerdict;
use domain::secret::Secret;
use domain::text::Evidence;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};
use ports::{PortError, PortErrorKind};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use serde::Serialize;

use crate::answer;

const USER_AGENT: &str = concat!("coffer/", env!("CARGO_PKG_VERSION"));
const BODY_LEN_MAX: usize = 64 * 1024;
/// A function may be frozen between two calls and its connections be dead when it thaws. A request that goes out on a dead
/// one ends as `TimedOut` and keeps the sweeper busy, so connections are kept for the rest of a batch and no longer.
const IDLE_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// What `/v1/...` is appended to.
    pub base_url: String,
    pub api_key: Secret,
    pub connect_timeout: Duration,
    /// For a whole call, connecting included.
    pub timeout: Duration,
}

impl ProviderConfig {
    pub fn new(base_url: impl Into<String>, api_key: Secret) -> Self {
        let (connect_timeout, timeout) = (Duration::from_secs(1), Duration::from_secs(3));
        Self { base_url: base_url.into(), api_key, connect_timeout, timeout }
    }
}

#[derive(Clone)]
pub struct HttpProvider {
    base: Url,
    client: Client,
}

impl std::fmt::Debug for HttpProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpProvider").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ChargeBody<'a> {
    amount: i64,
    currency: &'a str,
    token: &'a str,
    capture: &'a str,
    client_reference: String,
}

#[derive(Serialize)]
struct CaptureBody {
    amount: i64,
}

#[derive(Serialize)]
struct EvidenceBody<'a> {
    evidence: &'a str,
}

#[derive(Serialize)]
struct RefundBody<'a> {
    charge: &'a str,
    amount: i64,
    currency: &'a str,
}

impl HttpProvider {
    /// `Rejected` for a base URL that is none and for a key that no header can carry.
    pub fn new(config: ProviderConfig) -> Result<Self, PortError> {
        let ProviderConfig { base_url, api_key, connect_timeout, timeout } = config;
        let base = Url::parse(&base_url).ok().filter(|url| !url.cannot_be_a_base()).ok_or_else(misconfigured)?;
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", api_key.reveal())).map_err(|_| misconfigured())?;
        authorization.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        // Reading the system's certificates takes milliseconds of a cold start, for nothing where there is no TLS.
        let is_plain = base.scheme() == "http";
        let builder = if is_plain { Client::builder().tls_certs_only([]) } else { Client::builder() };
        let client = builder
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .connect_timeout(connect_timeout)
            .timeout(timeout)
            .pool_idle_timeout(IDLE_MAX)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|source| PortError::caused_by(PortErrorKind::Rejected, "set up the provider's client", source))?;
        Ok(Self { base, client })
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, ProviderError> {
        Ok(self.client.request(method, self.url(path)?))
    }

    /// The key in the query is an id of ours, no secret.
    fn request_of_key(&self, method: Method, path: &[&str], key: &str) -> Result<RequestBuilder, ProviderError> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().append_pair("idempotency_key", key);
        Ok(self.client.request(method, url))
    }

    fn url(&self, path: &[&str]) -> Result<Url, ProviderError> {
        let mut url = self.base.clone();
        let unusable = |()| ProviderError::Rejected("base_url".to_owned());
        url.path_segments_mut().map_err(unusable)?.pop_if_empty().push("v1").extend(path);
        Ok(url)
    }
}

fn misconfigured() -> PortError {
    PortError::new(PortErrorKind::Rejected, "read the provider's configuration")
}

/// Sends it and reads a bounded body.
async fn exchange(request: RequestBuilder) -> Result<(u16, Vec<u8>), ProviderError> {
    let mut response = request.send().await.map_err(unanswered)?;
    let status = response.status().as_u16();
    let body = read_body(&mut response).await?;
    Ok((status, body))
}

async fn read_body(response: &mut Response) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > BODY_LEN_MAX {
            return Err(ProviderError::TimedOut);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A connection that never stood carried nothing. Whatever fails after that may have been done.
fn unanswered(error: reqwest::Error) -> ProviderError {
    if error.is_connect() {
        return ProviderError::Unavailable(Some(Box::new(error.without_url())));
    }
    if error.is_builder() {
        return ProviderError::Rejected("request".to_owned());
    }
    ProviderError::TimedOut
}

#[async_trait]
impl PaymentProvider for HttpProvider {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        let Charge { key, tenant, money, token, capture } = charge;
        let body = ChargeBody {
            amount: money.amount.get(),
            currency: money.currency.code(),
            token: token.reveal(),
            capture: capture.as_str(),
            client_reference: tenant.to_string(),
        };
        let request = self.request(Method::POST, &["charges"])?.header("Idempotency-Key", key).json(&body);
        let (status, body) = exchange(request).await?;
        answer::charge(status, &body)
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::GET, &["charges"], &charge.key)?).await?;
        answer::charges(status, &body)
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        let request = self.request_of_key(Method::POST, &["charges", "capture"], &charge.key)?;
        let (status, body) = exchange(request.json(&CaptureBody { amount: money.amount.get() })).await?;
        answer::charge(status, &body)
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::POST, &["charges", "cancel"], &charge.key)?).await?;
        answer::charge(status, &body)
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        let RefundCharge { key, charge, money } = refund;
        let body = RefundBody { charge, amount: money.amount.get(), currency: money.currency.code() };
        let request = self.request(Method::POST, &["refunds"])?.header("Idempotency-Key", key).json(&body);
        let (status, body) = exchange(request).await?;
        answer::refund(status, &body)
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::GET, &["charges"], &charge.key)?).await?;
        answer::disputes(status, &body)
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        let body = EvidenceBody { evidence: evidence.as_str() };
        let request = self.request(Method::POST, &["disputes", reference, "answer"])?.json(&body);
        let (status, body) = exchange(request).await?;
        answer::dispute(status, &body)
    }

    async fn find_refund(&self, key: &str) -> Result<Option<RefundVerdict>, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::GET, &["refunds"], key)?).await?;
        answer::refunds(status, &body)
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
