//! A call of the API: who calls, what is asked, and the answer by `.await`.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use futures_util::future::join_all;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::Answer;

/// What a path of an answer, such as `Location`, begins with.
const BASE_PATH: &str = "/api/v1";

/// Somebody who calls the API, with a token or without.
#[derive(Clone)]
pub struct Party {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Party {
    pub fn new(client: Client, base: String) -> Self {
        Self { client, base, token: None }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a party with a token")
    }

    pub fn get(&self, path: impl AsRef<str>) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: impl AsRef<str>) -> Call {
        self.call("POST", path)
    }

    pub fn patch(&self, path: impl AsRef<str>) -> Call {
        self.call("PATCH", path)
    }

    pub fn delete(&self, path: impl AsRef<str>) -> Call {
        self.call("DELETE", path)
    }

    /// `path` as the documentation has it, below `/api/v1`.
    pub fn call(&self, method: &str, path: impl AsRef<str>) -> Call {
        let path = path.as_ref();
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let what = format!("{method} {path}");
        let request = self.client.request(method, format!("{}{path}", self.base));
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        Call { what, request }
    }

    /// Gets what a `Location` or `Link` of an answer names.
    pub fn follow(&self, location: &str) -> Call {
        let path = location.strip_prefix(BASE_PATH);
        self.get(path.unwrap_or_else(|| panic!("{location:?} is not below {BASE_PATH}")))
    }
}

#[must_use = "a call goes out when it is awaited"]
pub struct Call {
    what: String,
    request: RequestBuilder,
}

impl Call {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// The `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    /// A body as it stands.
    pub fn text(self, content_type: &str, body: impl Into<String>) -> Self {
        Self { request: self.request.header("content-type", content_type).body(body.into()), what: self.what }
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { what, request } = self;
            let response = request.send().await.unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await.unwrap_or_else(|error| panic!("{what}: half an answer: {error:?}"));
            Answer { what, status, headers, text }
        })
    }
}

/// Sends all the calls, so many at once: each call under way is a process of the emulator's.
pub async fn send_all(calls: impl IntoIterator<Item = Call>, at_once: usize) -> Vec<Answer> {
    let mut calls = calls.into_iter();
    let mut answers = Vec::new();
    loop {
        let some: Vec<Call> = calls.by_ref().take(at_once).collect();
        if some.is_empty() {
            return answers;
        }
        answers.extend(join_all(some.into_iter().map(IntoFuture::into_future)).await);
    }
}
