//! How a provider is talked to over HTTP: bounded in time and size, no redirect, no proxy; the key is in no error and in no
//! `Debug`. What an answer means is each provider's own.

use std::time::Duration;

use domain::secret::Secret;
use ports::provider::ProviderError;
use ports::{PortError, PortErrorKind};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, Url};

const USER_AGENT: &str = concat!("coffer/", env!("CARGO_PKG_VERSION"));
pub(crate) const BODY_LEN_MAX: usize = 64 * 1024;
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

    /// A client for the address. It has no key, so that the tenants of one provider can share it.
    pub(crate) fn client(&self) -> Result<Client, PortError> {
        // Reading the system's certificates takes milliseconds of a cold start, for nothing where there is no TLS.
        let is_plain = self.base()?.scheme() == "http";
        let builder = if is_plain { Client::builder().tls_certs_only([]) } else { Client::builder() };
        builder
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .pool_idle_timeout(IDLE_MAX)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|source| PortError::caused_by(PortErrorKind::Rejected, "set up the provider's client", source))
    }

    fn base(&self) -> Result<Url, PortError> {
        Url::parse(&self.base_url).ok().filter(|url| !url.cannot_be_a_base()).ok_or_else(misconfigured)
    }
}

/// A provider's address and the client that reaches it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    base: Url,
    client: Client,
    headers: HeaderMap,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

/// What came back, whatever it means.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Endpoint {
    /// `Rejected` for a base URL that is none and for a key that no header can carry. `more` goes with every request.
    pub(crate) fn over(
        client: Client,
        config: ProviderConfig,
        more: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<Self, PortError> {
        let base = config.base()?;
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {}", config.api_key.reveal())).map_err(|_| misconfigured())?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        headers.extend(more);
        Ok(Self { base, client, headers })
    }

    /// The query holds ids of ours and the provider's, no secret.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<RequestBuilder, ProviderError> {
        let mut url = self.base.clone();
        let unusable = |()| ProviderError::Rejected("base_url".to_owned());
        url.path_segments_mut().map_err(unusable)?.pop_if_empty().push("v1").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.client.request(method, url).headers(self.headers.clone()))
    }
}

fn misconfigured() -> PortError {
    PortError::new(PortErrorKind::Rejected, "read the provider's configuration")
}

/// Sends it and reads a bounded body.
pub(crate) async fn exchange(request: RequestBuilder) -> Result<Answer, ProviderError> {
    let mut response = request.send().await.map_err(unanswered)?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let body = read_body(&mut response).await?;
    Ok(Answer { status, headers, body })
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
        return ProviderError::NotSent(Some(Box::new(error.without_url())));
    }
    if error.is_builder() {
        return ProviderError::Rejected("request".to_owned());
    }
    ProviderError::TimedOut
}

/// A code of the provider's, if it has the form of one: it goes into errors and logs, where nothing else of a body may.
pub(crate) fn code_of(text: &str) -> Option<&str> {
    const LEN_MAX: usize = 64;
    let characters_fit = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    ((1..=LEN_MAX).contains(&text.len()) && characters_fit).then_some(text)
}

/// The provider answered that it is not able to.
#[derive(Debug, thiserror::Error)]
#[error("it answered {0}")]
pub(crate) struct Refusing(pub u16);

pub(crate) fn refusing(status: u16) -> ProviderError {
    ProviderError::Unavailable(Some(Box::new(Refusing(status))))
}
