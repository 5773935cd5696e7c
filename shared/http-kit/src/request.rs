//! A request as the gateway hands it on, without anything of the gateway's form.

use std::collections::BTreeMap;
use std::str::FromStr;

use app::{Context, Error, Origin};
use domain::access::Caller;
use domain::ids::UserId;
use http::HeaderMap;
use ports::clock::Mint;

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

    /// The user in the path; `me` is the caller, where the caller is a user.
    pub fn user_id(&self) -> Result<UserId, Problem> {
        let is_me = self.path_parameters.get("id").is_some_and(|id| id == "me");
        if !is_me {
            return self.path_id("id", "user");
        }
        let subject = self.caller.as_ref().map(|caller| caller.subject.as_str()).unwrap_or_default();
        subject.parse().map_err(|_| Problem::not_found("user"))
    }

    /// The version that `If-Match` names (RFC 9110, section 13.1.1); none where it is absent or `*`. What stands beside it in a
    /// tag is for reading alone.
    pub fn if_match(&self) -> Result<Option<u64>, Problem> {
        let Some(tag) = self.header("if-match").filter(|tag| *tag != "*") else { return Ok(None) };
        let text = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let version = text.and_then(|text| text.split('.').next()).and_then(|version| version.parse().ok());
        version.map(Some).ok_or_else(|| Error::PreconditionFailed.into())
    }

    /// Whether the client has what the tag names: `If-None-Match` lists it, or is `*` (RFC 9110, section 13.1.2). Compared
    /// weakly, as that section has it.
    pub fn has(&self, etag: &str) -> bool {
        let lists = self.headers.get_all("if-none-match").into_iter().filter_map(|value| value.to_str().ok());
        let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    }

    /// What a use case runs in on behalf of this request.
    pub fn context<'a>(&self, mint: Mint<'a>) -> Context<'a> {
        Context { mint, origin: self.origin() }
    }

    fn origin(&self) -> Origin {
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_the_client_has() {
        let has = |sent: &[&'static str]| {
            let mut request = Request::default();
            for value in sent {
                request.headers.append("if-none-match", HeaderValue::from_static(value));
            }
            request.has("\"7\"")
        };
        for sent in [&["\"7\""][..], &["W/\"7\""], &["\"6\" , \"7\""], &["*"], &["\"6\"", "\"7\""]] {
            assert!(has(sent), "{sent:?}");
        }
        for sent in [&[][..], &[""], &["7"], &["\"6\""], &["\"77\""], &["w/\"7\""]] {
            assert!(!has(sent), "{sent:?}");
        }
    }
}
