//! A client's request, built field by field. It becomes what the gateway hands to a function.

use std::fmt;

use domain::access::Caller;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http_kit::Request;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Ask(Request);

impl Ask {
    /// `path` is below the stage: `/v1/orders`.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self(Request {
            method: method.to_owned(),
            path: path.into(),
            source_address: "203.0.113.7".to_owned(),
            request_id: "req-simulated".to_owned(),
            ..Request::default()
        })
    }

    pub fn path(&self) -> &str {
        &self.0.path
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub fn patch(path: impl Into<String>, body: &Value) -> Self {
        Self::new("PATCH", path).json(body)
    }

    #[must_use]
    pub fn by(mut self, caller: &Caller) -> Self {
        self.0.caller = Some(caller.clone());
        self
    }

    #[must_use]
    pub fn by_nobody(mut self) -> Self {
        self.0.caller = None;
        self
    }

    /// From another network address.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        self.0.source_address = address.to_owned();
        self
    }

    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.0.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.0.body = body.to_string().into_bytes();
        self
    }

    /// The `X-Amzn-Trace-Id` that the gateway gives it.
    #[must_use]
    pub fn trace(mut self, trace: &str) -> Self {
        self.0.trace = Some(trace.to_owned());
        self
    }

    /// The `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.0.headers.insert(HeaderName::from_static(name), value);
        self
    }

    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.0.query.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { method, path, body, .. } = &self.0;
        write!(f, "{method} {path} {}", String::from_utf8_lossy(body))
    }
}

impl From<Ask> for Request {
    fn from(ask: Ask) -> Self {
        ask.0
    }
}
