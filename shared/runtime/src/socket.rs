//! Functions of sockets: what the gateway of WebSockets tells in, what it is to do out. The authorizer says whose token a
//! handshake has; the gateway keeps that for as long as the connection stands. No handshake's headers or query are logged.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use domain::access::Caller;
use domain::socket::SocketId;
use futures_util::FutureExt;
use http_kit::socket::{Handshake, SocketAnswer, SocketRequest};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::authorizer;
use crate::http::{body, caller};
use crate::telemetry::{Invocation, chain};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SocketEvent {
    /// Of the authorizer's question alone.
    #[serde(default)]
    method_arn: String,
    request_context: EventContext,
    headers: Option<HashMap<String, String>>,
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    query_string_parameters: Option<HashMap<String, String>>,
    multi_value_query_string_parameters: Option<HashMap<String, Vec<String>>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventContext {
    connection_id: String,
    #[serde(default)]
    event_type: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    authorizer: Option<HashMap<String, Value>>,
}

/// `verify` says whose the handshake is, or why it is refused: a word for the log.
pub async fn run_socket_authorizer<H>(verify: H) -> Result<(), Error>
where
    H: AsyncFn(&Handshake) -> Result<Caller, String>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SocketEvent>| {
        let mut line = Invocation::begin();
        let method_arn = event.payload.method_arn.clone();
        line.field("request_id", event.payload.request_context.request_id.as_str());
        line.field("trace", event.context.xray_trace_id.as_deref());
        let result = verify(&handshake(event.payload)).await;
        line.count("TokensRefused", usize::from(result.is_err()));
        match &result {
            Ok(caller) => line.field("tenant", caller.tenant.to_string()),
            Err(reason) => line.field("refused", reason.as_str()),
        }
        line.end();
        Ok::<_, Error>(decision(result.as_ref().ok(), &method_arn))
    }))
    .await
}

/// The gateway answers 403 where it is denied.
fn decision(caller: Option<&Caller>, method_arn: &str) -> Value {
    let effect = if caller.is_some() { "Allow" } else { "Deny" };
    json!({
        "principalId": caller.map_or("nobody", |caller| caller.subject.as_str()),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": method_arn }],
        },
        "context": caller.map_or_else(|| json!({}), authorizer::context),
    })
}

/// What a function of sockets is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketEventType {
    Connect,
    Message,
    Disconnect,
}

impl SocketEventType {
    /// As the gateway names it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Message => "MESSAGE",
            Self::Disconnect => "DISCONNECT",
        }
    }
}

/// Handles handshakes, messages or ends until the environment is taken down. A message that names another function's route
/// is not handed on.
pub async fn run_socket<H>(event_type: SocketEventType, handler: H) -> Result<(), Error>
where
    H: AsyncFn(&SocketRequest) -> SocketAnswer,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SocketEvent>| {
        let mut line = Invocation::begin();
        let answer = match request(event, event_type) {
            Some(request) => {
                line.field("request_id", request.request_id.as_str());
                line.field("trace", request.trace.as_deref());
                line.field("tenant", request.caller.as_ref().map(|caller| caller.tenant.to_string()));
                line.field("socket", request.socket.as_str());
                let outcome = AssertUnwindSafe(handler(&request)).catch_unwind().await;
                outcome.unwrap_or_else(|_| SocketAnswer::failed("the handler panicked"))
            }
            None => SocketAnswer::refused(400, "malformed_event"),
        };
        describe(&mut line, event_type, &answer);
        line.end();
        Ok::<_, Error>(proxy_response(&answer))
    }))
    .await
}

fn describe(line: &mut Invocation, event_type: SocketEventType, answer: &SocketAnswer) {
    line.field("route", event_type.as_str());
    line.field("status", answer.status);
    line.field("code", answer.code);
    line.count("Requests", 1);
    line.count("ClientErrors", usize::from((400..500).contains(&answer.status)));
    line.count("ServerErrors", usize::from(answer.status >= 500));
    if let Some(cause) = &answer.cause {
        line.field("level", "ERROR");
        line.field("error", chain(&**cause));
    }
}

fn proxy_response(answer: &SocketAnswer) -> Value {
    match answer.protocol {
        Some(protocol) => json!({ "statusCode": answer.status, "headers": { "Sec-WebSocket-Protocol": protocol } }),
        None => json!({ "statusCode": answer.status }),
    }
}

fn request(event: LambdaEvent<SocketEvent>, event_type: SocketEventType) -> Option<SocketRequest> {
    let LambdaEvent { mut payload, context } = event;
    if payload.request_context.event_type != event_type.as_str() {
        return None;
    }
    let text = payload.body.take().unwrap_or_default();
    let of_gateway = &mut payload.request_context;
    let request_id = std::mem::take(&mut of_gateway.request_id);
    Some(SocketRequest {
        socket: SocketId::parse(&of_gateway.connection_id)?,
        caller: of_gateway.authorizer.as_ref().and_then(caller),
        body: body(text, payload.is_base64_encoded),
        request_id: if request_id.is_empty() { context.request_id } else { request_id },
        trace: context.xray_trace_id,
        handshake: handshake(payload),
    })
}

fn handshake(event: SocketEvent) -> Handshake {
    let all = |many: Option<HashMap<String, Vec<String>>>, single: Option<HashMap<String, String>>| {
        let single = || single.unwrap_or_default().into_iter().collect();
        let flat = |many: HashMap<String, Vec<String>>| {
            many.into_iter().flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
        };
        many.filter(|many| !many.is_empty()).map_or_else(single, |many| flat(many).collect::<Vec<_>>())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in all(event.multi_value_headers, event.headers) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
    Handshake { headers, query: all(event.multi_value_query_string_parameters, event.query_string_parameters) }
}

#[cfg(test)]
mod tests {
    use domain::access::{Grant, Role};
    use domain::ids::TenantId;

    use super::*;

    fn event(changes: Value) -> LambdaEvent<SocketEvent> {
        let mut event = json!({
            "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:abc/realtime/$connect",
            "headers": { "Origin": "https://a.example" },
            "multiValueHeaders": { "Origin": ["https://a.example"], "Sec-WebSocket-Protocol": ["coffer.v1", "bearer.x"] },
            "queryStringParameters": null,
            "multiValueQueryStringParameters": null,
            "requestContext": {
                "connectionId": "L0SM9cOFvHcCIhw=",
                "routeKey": "$connect",
                "eventType": "CONNECT",
                "requestId": "gateway-1",
                "authorizer": {
                    "tenant": "ten_00000000000000000000000001",
                    "subject": "usr_1",
                    "session": "ses_00000000000000000000000002",
                    "role": "viewer",
                    "issued_at": "17",
                    "principalId": "usr_1"
                }
            },
            "isBase64Encoded": false
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            event[name] = value.clone();
        }
        LambdaEvent::new(serde_json::from_value(event).expect("an event"), lambda_runtime::Context::default())
    }

    #[test]
    fn a_handshake_has_headers_and_the_authorizer_s_caller() {
        let request = request(event(json!({})), SocketEventType::Connect).expect("a request");
        let caller = request.caller.as_ref().expect("authorized");
        assert_eq!((caller.tenant, &caller.grant), (TenantId::from_u128(1), &Grant::Role(Role::Viewer)));
        assert_eq!((request.socket.as_str(), request.request_id.as_str()), ("L0SM9cOFvHcCIhw=", "gateway-1"));
        assert_eq!(request.handshake.origin(), Some("https://a.example"));
        assert_eq!(request.handshake.protocol(), Some("coffer.v1"));
        assert!(request.handshake.token().is_some());
    }

    #[test]
    fn a_body_and_headers_may_be_absent_and_another_s_event_is_refused() {
        let told = json!({ "headers": null, "multiValueHeaders": null, "body": "e30=", "isBase64Encoded": true });
        let of = |event_type| request(event(told.clone()), event_type);
        assert!(of(SocketEventType::Message).is_none() && of(SocketEventType::Disconnect).is_none());
        let request = of(SocketEventType::Connect).expect("a request");
        assert_eq!((request.body.as_slice(), request.handshake.token()), (&b"{}"[..], None));
        let single = json!({ "multiValueHeaders": null, "queryStringParameters": { "token": "x" } });
        let handshake = handshake(event(single).payload);
        assert_eq!((handshake.origin(), handshake.token().is_some()), (Some("https://a.example"), true));
    }

    #[test]
    fn what_is_refused_is_denied_and_names_nobody() {
        let arn = "arn:aws:execute-api:eu-central-1:123456789012:abc/realtime/$connect";
        let denied = decision(None, arn);
        assert_eq!(denied["policyDocument"]["Statement"][0]["Effect"], "Deny");
        assert_eq!((&denied["context"], &denied["principalId"]), (&json!({}), &json!("nobody")));
        let caller = request(event(json!({})), SocketEventType::Connect).and_then(|request| request.caller);
        let allowed = decision(caller.as_ref(), arn);
        let statement = &allowed["policyDocument"]["Statement"][0];
        assert_eq!((&statement["Effect"], &statement["Resource"]), (&json!("Allow"), &json!(arn)));
        assert_eq!(allowed["context"]["tenant"], "ten_00000000000000000000000001");
    }

    #[test]
    fn a_chosen_protocol_is_a_header() {
        let opened = proxy_response(&SocketAnswer::opened(Some("coffer.v1")));
        assert_eq!(opened, json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "coffer.v1" } }));
        assert_eq!(proxy_response(&SocketAnswer::refused(401, "unauthenticated")), json!({ "statusCode": 401 }));
    }
}
