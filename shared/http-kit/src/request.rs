//! A request as the gateway hands it on, without anything of the gateway's form.

use std::collections::BTreeMap;
use std::str::FromStr;

use app::Origin;
use domain::access::Caller;
use http::HeaderMap;

use crate::Problem;

#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// Below the stage: `/v1/orders/ord_...`.
    pub path: String,
    pub path_parameters: BTreeMap<String, String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Who the authorizer found the token to be; none on public routes.
    pub caller: Option<Caller>,
    /// The peer as the gateway saw it. Headers that claim another are not looked at.
    pub source_address: String,
    /// The client's own `X-Request-Id` where it sent a valid one, else the gateway's.
    pub request_id: String,
    /// `X-Amzn-Trace-Id`.
    pub trace: Option<String>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The id in the path; one that is not of the noun's form cannot exist.
    pub fn path_id<T: FromStr>(&self, parameter: &str, noun: &str) -> Result<T, Problem> {
        let text = self.path_parameters.get(parameter).map(String::as_str).unwrap_or_default();
        text.parse().map_err(|_| Problem::not_found(noun))
    }

    pub fn origin(&self) -> Origin {
        Origin {
            request_id: Some(self.request_id.clone()),
            idempotency_key: self.header("idempotency-key").map(str::to_owned),
            trace: self.trace.clone(),
        }
    }

    /// A client's request id that may be echoed and logged: 1 to 128 letters, digits, dots, underscores and hyphens.
    pub fn valid_request_id(text: &str) -> bool {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=128).contains(&text.len()) && text.bytes().all(is_allowed)
    }
}
