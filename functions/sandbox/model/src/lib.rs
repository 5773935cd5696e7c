//! The sandbox's model, over the wire of Bedrock's Converse
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>), as far as our adapter speaks it. What it
//! reads and what goes wrong is said by `sandbox::model`. It takes whoever signs, whatever the signature: nothing here is of
//! value.
//!
//! ```text
//! POST /model/{id}/converse   {"messages": [{"content": [{"document": {"source": {"bytes"}}}, ...]}], "toolConfig", ...}
//! ```

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac_sha256::Hash;
use http_kit::serve::{CacheUse, Served};
use http_kit::{Request, Response};
use sandbox::model::{self, Turn};
use sandbox::{Book, Key};
use serde_json::{Value, json};

/// Longer than Coffer waits for the sandbox.
pub const DAWDLE: Duration = Duration::from_secs(7);

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    /// Counts the calls of a document that is to be busy for some.
    pub book: &'a dyn Book,
    pub dawdle: Duration,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    let response = match converse(deps, request).await {
        Ok(body) => Response::json(200, body.to_string()),
        Err(Fault { status, kind, message }) => {
            Response::json(status, json!({ "message": message }).to_string()).with_header("x-amzn-errortype", kind)
        }
    };
    Served { response: response.finished(&request.request_id), cache: CacheUse::default(), problem: None }
}

struct Fault {
    status: u16,
    kind: &'static str,
    message: &'static str,
}

fn fault(status: u16, kind: &'static str, message: &'static str) -> Fault {
    Fault { status, kind, message }
}

async fn converse(deps: Deps<'_>, request: &Request) -> Result<Value, Fault> {
    let invalid = |message| fault(400, "ValidationException", message);
    if request.method != "POST" || !request.path.starts_with("/model/") || !request.path.ends_with("/converse") {
        return Err(fault(404, "ResourceNotFoundException", "There is no such operation."));
    }
    if !request.header("authorization").is_some_and(|header| header.starts_with("AWS4-HMAC-SHA256 ")) {
        return Err(fault(403, "AccessDeniedException", "The request is not signed."));
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| invalid("The body is not JSON."))?;
    let tool = body["toolConfig"]["toolChoice"]["tool"]["name"].as_str();
    let tool = tool.ok_or_else(|| invalid("It answers by a tool alone."))?;
    let document = document(&body).ok_or_else(|| invalid("There is no document."))?;
    let nth = if model::is_counted(&document) { calls(deps, &document).await? } else { 1 };
    let turn = model::on_call(&document, nth);
    match &turn {
        Turn::Answers(fields) => Ok(answered(&document, &turn, Some((tool, fields)))),
        Turn::BreaksOff => Ok(answered(&document, &turn, None)),
        Turn::Refuses => Err(invalid("The document cannot be read.")),
        Turn::IsBusy => Err(fault(429, "ThrottlingException", "Too many requests.")),
        Turn::Dawdles => {
            tokio::time::sleep(deps.dawdle).await;
            Err(fault(408, "ModelTimeoutException", "The model took too long."))
        }
    }
}

/// Of the first message that has one.
fn document(body: &Value) -> Option<Vec<u8>> {
    let blocks = body["messages"].as_array()?.iter().filter_map(|message| message["content"].as_array()).flatten();
    let bytes = |block: &Value| {
        let source =
            if block["document"].is_object() { &block["document"]["source"] } else { &block["image"]["source"] };
        source["bytes"].as_str().map(str::to_owned)
    };
    BASE64.decode(blocks.into_iter().find_map(bytes)?).ok()
}

async fn calls(deps: Deps<'_>, document: &[u8]) -> Result<u32, Fault> {
    let hash: String = Hash::hash(document).iter().map(|byte| format!("{byte:02x}")).collect();
    let broken = || fault(500, "InternalServerException", "The sandbox is out of order.");
    let key = Key::parse(&format!("model-{hash}")).map_err(|_| broken())?;
    deps.book.count_call(&key).await.map_err(|_| broken())
}

fn answered(document: &[u8], turn: &Turn, used: Option<(&str, &Value)>) -> Value {
    let usage = model::usage(document, turn);
    let content = match used {
        Some((tool, fields)) => json!([{ "toolUse": { "toolUseId": "tooluse_1", "name": tool, "input": fields } }]),
        None => json!([{ "text": "The invoice" }]),
    };
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": if used.is_some() { "tool_use" } else { "max_tokens" },
        "usage": {
            "inputTokens": usage.input_tokens,
            "outputTokens": usage.output_tokens,
            "totalTokens": usage.input_tokens + usage.output_tokens,
        },
        "metrics": { "latencyMs": 1 },
    })
}
