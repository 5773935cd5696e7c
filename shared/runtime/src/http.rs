//! HTTP functions: an API Gateway proxy event in, an answer out. A handler that panics is answered with a problem, and the
//! environment lives on.

use std::panic::AssertUnwindSafe;

use ::http::HeaderValue;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use aws_lambda_events::encodings::Body;
use domain::access::{Caller, Grant, Role};
use futures_util::FutureExt;
use http_kit::serve::{CacheUse, Served};
use http_kit::{Code, Problem, Request, Response};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::telemetry::{Invocation, chain};

/// Answers requests until the environment is taken down.
pub async fn run_http<H>(handler: H) -> Result<(), Error>
where
    H: AsyncFn(&Request) -> Served,
{
    lambda_runtime::run(service_fn(|event: LambdaEvent<ApiGatewayProxyRequest>| answer(&handler, event))).await
}

async fn answer<H>(handler: &H, event: LambdaEvent<ApiGatewayProxyRequest>) -> Result<ApiGatewayProxyResponse, Error>
where
    H: AsyncFn(&Request) -> Served,
{
    let mut line = Invocation::begin();
    let resource = event.payload.resource.clone().unwrap_or_default();
    let request = request(event);
    let outcome = AssertUnwindSafe(handler(&request)).catch_unwind().await;
    let served = outcome.unwrap_or_else(|panic| panicked(&request, &*panic));
    describe(&mut line, &resource, &request, &served);
    line.end();
    Ok(proxy_response(served.response))
}

fn panicked(request: &Request, panic: &(dyn std::any::Any + Send)) -> Served {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    let problem = Problem::new(Code::Internal, "The fault is logged under this request_id.");
    let response = Response::problem(&problem, &request.request_id).finished(&request.request_id);
    let problem = Problem { cause: Some(format!("panic: {text}").into()), ..problem };
    Served { response, cache: CacheUse::default(), problem: Some(problem) }
}

fn describe(line: &mut Invocation, resource: &str, request: &Request, served: &Served) {
    let Served { response, cache, problem } = served;
    line.field("route", format!("{} {resource}", request.method));
    line.field("status", response.status);
    line.field("request_id", request.request_id.as_str());
    line.field("trace", request.trace.as_deref());
    line.field("tenant", request.caller.as_ref().map(|caller| caller.tenant.to_string()));
    line.count("Requests", 1);
    line.count("ClientErrors", usize::from((400..500).contains(&response.status)));
    line.count("ServerErrors", usize::from(response.status >= 500));
    if cache.asked {
        line.count("CacheHits", usize::from(cache.hit));
        line.count("CacheMisses", usize::from(!cache.hit));
    }
    if cache.degraded {
        line.count("CacheAway", 1);
    }
    if let Some(problem) = problem {
        line.field("code", problem.code.as_str());
        if let Some(cause) = &problem.cause {
            line.field("level", "ERROR");
            line.field("error", chain(&**cause));
        }
    }
}

fn request(event: LambdaEvent<ApiGatewayProxyRequest>) -> Request {
    let LambdaEvent { payload, context } = event;
    let gateway = payload.request_context;
    let headers = if payload.multi_value_headers.is_empty() { payload.headers } else { payload.multi_value_headers };
    let own_id = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let request_id = own_id.filter(|id| Request::valid_request_id(id)).map(str::to_owned);
    let query =
        payload.multi_value_query_string_parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Request {
        method: payload.http_method.to_string(),
        path: below_mapping(payload.path.unwrap_or_default()),
        path_parameters: payload.path_parameters.into_iter().collect(),
        query: query.collect(),
        request_id: request_id.or(gateway.request_id).unwrap_or(context.request_id),
        headers,
        body: body(payload.body.unwrap_or_default(), payload.is_base64_encoded),
        caller: caller(&gateway.authorizer.fields),
        source_address: gateway.identity.source_ip.unwrap_or_default(),
        trace: context.xray_trace_id,
    }
}

/// Behind a domain of one's own API Gateway leaves the base path of the mapping in front of the path (and takes the stage
/// away alone): a request has one path by whichever host it came, or its links and the route under its key would be two.
fn below_mapping(path: String) -> String {
    let is_version = |path: &str| path == "/v1" || path.starts_with("/v1/");
    let mapped = path.strip_prefix('/').and_then(|rest| rest.find('/').filter(|length| *length > 0));
    match mapped.map(|length| &path[length + 1..]) {
        Some(below) if is_version(below) && !is_version(&path) => below.to_owned(),
        Some(_) | None => path,
    }
}

/// A body that claims to be base64 and is not is taken as it stands: the parser refuses it.
pub(crate) fn body(text: String, is_base64: bool) -> Vec<u8> {
    use base64::Engine;
    let decoded = is_base64.then(|| base64::engine::general_purpose::STANDARD.decode(&text).ok()).flatten();
    decoded.unwrap_or_else(|| text.into_bytes())
}

/// What our authorizer put into the request's context. Anything else is no caller.
pub(crate) fn caller(fields: &std::collections::HashMap<String, Value>) -> Option<Caller> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let grant = match text("role") {
        Some(role) => Grant::Role(Role::parse(role)?),
        None => Grant::Scopes(text("scope")?.split(' ').map(str::to_owned).collect()),
    };
    let session = match text("session") {
        Some(session) => Some(session.parse().ok()?),
        None => None,
    };
    Some(Caller {
        tenant: text("tenant")?.parse().ok()?,
        subject: text("subject")?.to_owned(),
        session,
        grant,
        issued_at_seconds: text("issued_at")?.parse().ok()?,
    })
}

fn proxy_response(response: Response) -> ApiGatewayProxyResponse {
    let Response { status, headers, body } = response;
    let mut answer = ApiGatewayProxyResponse::default();
    answer.status_code = i64::from(status);
    for (name, value) in headers {
        // Only values made of ids, numbers and our own text get here; one that is no header value is left out.
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers.insert(name, value);
        }
    }
    answer.body = Some(Body::Text(body));
    answer
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
