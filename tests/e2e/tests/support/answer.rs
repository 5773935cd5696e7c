//! An answer of the API. `ok` and `problem` also check what every answer must have, so that each test checks it.

use std::fmt;

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Clone)]
pub struct Answer {
    /// The call that it answers.
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, status, headers, text } = self;
        write!(f, "{what} answered {status} {text}\n  with {headers:?}")
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self}"))
    }

    /// The body of an answer of this status of success; `Null` where it has none.
    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.has_what_all_have();
        if status == 204 {
            assert_eq!(self.text, "", "{self}");
            return Value::Null;
        }
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        self.json()
    }

    /// The body of a problem of this status and code, after a look at its form (RFC 9457).
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.has_what_all_have();
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self}");
        let body = self.json();
        assert_eq!(body["code"], code, "{self}");
        assert_eq!(body["status"], status, "{self}");
        assert_eq!(body["type"], format!("/docs/status-codes#{code}"), "{self}");
        let is_text = |name: &str| body[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(is_text("title") && is_text("detail"), "a title and a detail: {self}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{self}");
        if status == 401 {
            // RFC 9110, section 15.5.2.
            assert!(self.header("www-authenticate").is_some_and(|how| how.starts_with("Bearer")), "{self}");
        }
        body
    }

    /// The refused fields of a 400, each as `pointer code`, sorted.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        let body = self.problem(400, "invalid_fields");
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {self}"));
        let text =
            |error: &Value, name: &str| error[name].as_str().unwrap_or_else(|| panic!("no {name}: {self}")).to_owned();
        let fault = |error| {
            assert_ne!(text(error, "detail"), "", "{self}");
            format!("{} {}", text(error, "pointer"), text(error, "code"))
        };
        let mut faults: Vec<String> = errors.iter().map(fault).collect();
        faults.sort();
        faults
    }

    /// Seconds of `Retry-After`.
    #[track_caller]
    pub fn retry_after(&self) -> u64 {
        let seconds = self.header("retry-after").and_then(|value| value.parse().ok());
        seconds.filter(|seconds| *seconds > 0).unwrap_or_else(|| panic!("no Retry-After: {self}"))
    }

    /// D5, D8: gateway answers included.
    #[track_caller]
    fn has_what_all_have(&self) {
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()), "no X-Request-Id: {self}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self}");
        assert!(self.header("strict-transport-security").is_some_and(|value| value.contains("max-age=")), "{self}");
        assert!(self.header("cache-control").is_some(), "{self}");
    }
}
