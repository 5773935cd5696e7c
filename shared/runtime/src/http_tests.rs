//! What of a gateway event reaches a handler, and what a handler's panic becomes.

use super::*;
use serde_json::json;

fn event(changes: Value) -> LambdaEvent<ApiGatewayProxyRequest> {
    let mut event = json!({
        "resource": "/v1/orders/{id}",
        "path": "/v1/orders/ord_1",
        "httpMethod": "GET",
        "headers": { "X-Forwarded-For": "6.6.6.6" },
        "multiValueHeaders": { "X-Forwarded-For": ["6.6.6.6"] },
        "queryStringParameters": { "limit": "2" },
        "multiValueQueryStringParameters": { "limit": ["1", "2"] },
        "pathParameters": { "id": "ord_1" },
        "requestContext": {
            "httpMethod": "GET",
            "requestId": "gateway-1",
            "identity": { "sourceIp": "10.0.0.1" },
            "authorizer": {
                "tenant": "ten_00000000000000000000000001",
                "subject": "usr_1",
                "session": "ses_00000000000000000000000002",
                "role": "viewer",
                "issued_at": "17"
            }
        },
        "body": null,
        "isBase64Encoded": false
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    LambdaEvent::new(serde_json::from_value(event).expect("an event"), lambda_runtime::Context::default())
}

#[test]
fn the_caller_is_the_authorizers_and_the_address_is_the_gateways() {
    let request = request(event(json!({})));
    let caller = request.caller.expect("authorized");
    assert_eq!(
        (caller.subject.as_str(), caller.grant, caller.issued_at_seconds),
        ("usr_1", Grant::Role(Role::Viewer), 17)
    );
    assert_eq!(request.source_address, "10.0.0.1");
    assert_eq!(request.query, [("limit".to_owned(), "1".to_owned()), ("limit".to_owned(), "2".to_owned())]);
    assert_eq!(request.request_id, "gateway-1");
}

#[test]
fn a_path_begins_below_the_mapping_of_a_domain() {
    for (given, expected) in [
        ("/v1/orders", "/v1/orders"),
        ("/api/v1/orders", "/v1/orders"),
        ("/shop/v1/orders/ord_1/cancel", "/v1/orders/ord_1/cancel"),
        ("/api/v1", "/v1"),
        ("/v1/v1/orders", "/v1/v1/orders"),
        ("/v1", "/v1"),
        ("/a/b/v1/orders", "/a/b/v1/orders"),
        ("/api/v10/orders", "/api/v10/orders"),
        ("//v1/orders", "//v1/orders"),
        ("/v1/.well-known/jwks.json", "/v1/.well-known/jwks.json"),
        ("/api/v1/.well-known/jwks.json", "/v1/.well-known/jwks.json"),
        ("/model/sandbox/converse", "/model/sandbox/converse"),
        ("/v1/disputes/dsp_1/answer", "/v1/disputes/dsp_1/answer"),
        ("/", "/"),
        ("", ""),
    ] {
        assert_eq!(request(event(json!({ "path": given }))).path, expected, "{given}");
    }
}

#[test]
fn an_authorizer_context_that_is_not_whole_is_no_caller() {
    for authorizer in
        [json!({}), json!({"tenant": "x"}), json!({"tenant": "ten_00000000000000000000000001", "role": "root"})]
    {
        let context = json!({ "httpMethod": "GET", "authorizer": authorizer });
        assert!(request(event(json!({ "requestContext": context }))).caller.is_none());
    }
}

#[test]
fn only_a_valid_request_id_of_the_client_is_kept() {
    for (sent, kept) in [("mine-1", "mine-1"), ("two words", "gateway-1"), ("", "gateway-1")] {
        let headers = json!({ "X-Request-Id": [sent] });
        assert_eq!(request(event(json!({ "multiValueHeaders": headers }))).request_id, kept);
    }
    let long = json!({ "X-Request-Id": ["a".repeat(129)] });
    assert_eq!(request(event(json!({ "multiValueHeaders": long }))).request_id, "gateway-1");
}

// M3
#[test]
fn the_trace_of_the_invocation_is_the_request_s_and_the_line_s() {
    let mut event = event(json!({}));
    event.context.xray_trace_id = Some("Root=1-2;Parent=3;Sampled=1".to_owned());
    let request = request(event);
    assert_eq!(request.trace.as_deref(), Some("Root=1-2;Parent=3;Sampled=1"));
    let response = Response { status: 200, headers: Vec::new(), body: String::new() };
    let mut line = Invocation::begin();
    describe(&mut line, "/", &request, &Served { response, cache: CacheUse::default(), problem: None });
    assert_eq!(line.told("trace"), Some("Root=1-2;Parent=3;Sampled=1"));
}

#[test]
fn bodies_are_decoded() {
    assert_eq!(body("eyJhIjoxfQ==".into(), true), b"{\"a\":1}");
    assert_eq!(body("{}".into(), false), b"{}");
}

// H5, M2
#[test]
fn a_line_counts_hits_misses_and_errors() {
    let request = request(event(json!({})));
    let counted = |status: u16, cache: CacheUse| {
        let response = Response { status, headers: Vec::new(), body: String::new() };
        let mut line = Invocation::begin();
        describe(&mut line, "/v1/orders/{id}", &request, &Served { response, cache, problem: None });
        ["CacheHits", "CacheMisses", "CacheAway", "ClientErrors", "ServerErrors"].map(|name| line.counted(name))
    };
    let asked = CacheUse { asked: true, hit: false, degraded: false };
    assert_eq!(counted(200, CacheUse { hit: true, ..asked }), [Some(1), Some(0), None, Some(0), Some(0)]);
    assert_eq!(counted(404, asked), [Some(0), Some(1), None, Some(1), Some(0)]);
    assert_eq!(counted(503, CacheUse { degraded: true, ..asked }), [Some(0), Some(1), Some(1), Some(0), Some(1)]);
    assert_eq!(counted(201, CacheUse::default()), [None, None, None, Some(0), Some(0)]);
}

#[tokio::test]
async fn a_panic_is_a_problem_without_internals() {
    let handler = async |_: &Request| -> Served { panic!("secret detail") };
    let answer = answer(&handler, event(json!({}))).await.expect("answered");
    assert_eq!(answer.status_code, 500);
    let Some(Body::Text(body)) = answer.body else { panic!("text") };
    assert!(body.contains("internal_error") && !body.contains("secret detail"), "{body}");
}
