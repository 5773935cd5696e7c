//! An answer as its client reads it.

use http_kit::Response;
use http_kit::serve::{CacheUse, Served};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// Null where there is no body.
    pub json: Value,
    headers: Vec<(&'static str, String)>,
    /// What the telemetry hears of the cache's part.
    pub cache: CacheUse,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(present, _)| *present == name).map(|(_, value)| value.as_str())
    }

    /// The text at a JSON pointer; empty where there is none.
    pub fn text(&self, pointer: &str) -> String {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The number at a JSON pointer.
    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.json.pointer(pointer).and_then(Value::as_i64)
    }

    pub fn id(&self) -> String {
        self.text("/id")
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        self.text("/code")
    }

    /// What is elsewhere is found.
    pub fn is_success(&self) -> bool {
        (200..304).contains(&self.status)
    }

    pub fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The answer itself, if it has the status; else a panic that shows it.
    #[track_caller]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "answered with {}", self.body);
        self
    }

    /// A problem of this status and code, in its media type.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.ok(status);
        assert_eq!(answer.code(), code, "answered with {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        answer
    }
}

impl From<Served> for Answer {
    fn from(served: Served) -> Self {
        let Served { response: Response { status, headers, body }, cache, problem: _ } = served;
        Self { status, json: serde_json::from_str(&body).unwrap_or_default(), body, headers, cache }
    }
}
