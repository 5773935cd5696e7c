//! Sockets, as the gateway tells of them: a handshake, a message, an end. And what clients say in their messages.

use std::collections::BTreeSet;
use std::fmt;

use app::realtime::{Complaint, Refused, Said, SocketKey};
use app::work::WorkError;
use app::{Context, Origin};
use domain::access::Caller;
use domain::field::Invalid;
use domain::secret::Secret;
use domain::socket::{MESSAGE_BYTES_MAX, SocketId, Topic};
use http::HeaderMap;
use http::header::{AUTHORIZATION, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use ports::clock::Mint;
use serde_json::Value;

use crate::Problem;
use crate::fields::{self, Fields};
use crate::values;

/// The subprotocol that is spoken. Browsers want the server to choose one of those that they offer.
pub const PROTOCOL: &str = "coffer.v1";
/// What a subprotocol begins with that is a token.
const TOKEN_PROTOCOL: &str = "bearer.";

/// What a client connects with.
pub struct Handshake {
    pub headers: HeaderMap,
    pub query: Vec<(String, String)>,
}

/// It holds a token.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake(..)")
    }
}

impl Handshake {
    /// `Sec-WebSocket-Protocol: coffer.v1, bearer.<token>`, as browsers can send it, `Authorization` or the query's `token`.
    /// None where there are several: which one is meant is not guessed.
    pub fn token(&self) -> Option<Secret> {
        let of_protocol = self.protocols().filter_map(|protocol| protocol.strip_prefix(TOKEN_PROTOCOL));
        let of_header = self.header_values(AUTHORIZATION.as_str()).filter_map(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let of_query = self.query.iter().filter(|(name, _)| name == "token").map(|(_, token)| token.as_str());
        let mut tokens = of_protocol.chain(of_header).chain(of_query);
        let token = tokens.next().filter(|token| !token.is_empty())?;
        tokens.next().is_none().then(|| Secret::new(token))
    }

    /// The page that opens the socket, where a browser does.
    pub fn origin(&self) -> Option<&str> {
        self.header_values(ORIGIN.as_str()).next()
    }

    /// What the answer is to choose.
    pub fn protocol(&self) -> Option<&'static str> {
        self.protocols().any(|protocol| protocol == PROTOCOL).then_some(PROTOCOL)
    }

    fn protocols(&self) -> impl Iterator<Item = &str> {
        self.header_values(SEC_WEBSOCKET_PROTOCOL.as_str()).flat_map(|value| value.split(',')).map(str::trim)
    }

    /// A value that is no text is as good as an empty one: it opens nothing.
    fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default())
    }
}

/// What happens on a socket.
#[derive(Debug)]
pub struct SocketRequest {
    pub socket: SocketId,
    /// Who the authorizer found the token of the handshake to be.
    pub caller: Option<Caller>,
    pub handshake: Handshake,
    /// Of a message.
    pub body: Vec<u8>,
    pub request_id: String,
    /// `X-Amzn-Trace-Id`.
    pub trace: Option<String>,
}

impl SocketRequest {
    pub fn key(&self) -> Option<SocketKey> {
        Some(SocketKey { tenant: self.caller.as_ref()?.tenant, id: self.socket.clone() })
    }

    pub fn context<'a>(&self, mint: Mint<'a>) -> Context<'a> {
        let origin =
            Origin { request_id: Some(self.request_id.clone()), idempotency_key: None, trace: self.trace.clone() };
        Context { mint, origin }
    }
}

/// What the gateway is told: of a handshake, whether the socket is opened.
#[derive(Debug)]
pub struct SocketAnswer {
    pub status: u16,
    pub protocol: Option<&'static str>,
    /// Why not, for the log.
    pub code: Option<&'static str>,
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SocketAnswer {
    pub fn done() -> Self {
        Self { status: 200, protocol: None, code: None, cause: None }
    }

    pub fn opened(protocol: Option<&'static str>) -> Self {
        Self { protocol, ..Self::done() }
    }

    pub fn refused(status: u16, code: &'static str) -> Self {
        Self { status, code: Some(code), ..Self::done() }
    }

    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { cause: Some(error.into()), ..Self::refused(503, "unavailable") }
    }
}

impl From<Refused> for SocketAnswer {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unauthenticated => Self::refused(401, "unauthenticated"),
            Refused::TooMany => Self::refused(429, "too_many_sockets"),
            Refused::Port(error) => Self::failed(error),
        }
    }
}

impl From<WorkError> for SocketAnswer {
    fn from(error: WorkError) -> Self {
        Self::failed(error)
    }
}

/// A client's message: `{"action": "subscribe", "topics": [...], "after": "evt_..."}` or `unsubscribe`.
pub fn said(body: &[u8]) -> Result<Said, Complaint> {
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(Complaint::new("message_too_large", format!("A message has at most {MESSAGE_BYTES_MAX} bytes.")));
    }
    fields::parse(body, read).map_err(|problem| {
        let Problem { code, detail, errors, .. } = problem;
        Complaint { errors, ..Complaint::new(code.as_str(), detail) }
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Subscribe,
    Unsubscribe,
}

fn read(fields: &mut Fields<'_>) -> Option<Said> {
    let action = fields.required("action", action);
    let topics = fields.required("topics", topics);
    let after = if action == Some(Action::Unsubscribe) { None } else { fields.optional("after", values::id) };
    match action? {
        Action::Subscribe => Some(Said::Subscribe { topics: topics?, after }),
        Action::Unsubscribe => Some(Said::Unsubscribe { topics: topics? }),
    }
}

fn action(value: &Value) -> Result<Action, Invalid> {
    match values::text(value)? {
        "subscribe" => Ok(Action::Subscribe),
        "unsubscribe" => Ok(Action::Unsubscribe),
        _ => Err(Invalid::new("unknown_value", "must be subscribe or unsubscribe")),
    }
}

/// As many as there are, at most.
fn topics(value: &Value) -> Result<BTreeSet<Topic>, Invalid> {
    let max = Topic::all().len();
    let names = value.as_array().ok_or_else(|| Invalid::new("invalid_type", "must be an array"))?;
    if names.is_empty() || names.len() > max {
        return Err(Invalid::new("invalid_length", format!("must have 1 to {max} items")));
    }
    names.iter().map(|name| Topic::parse(values::text(name)?)).collect()
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod tests;
