//! The sample events, as `sam local invoke` and `cargo lambda invoke` would send them: every function takes its own.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::TestApp;

/// The ids in the samples belong to nobody and their sign-up may have been made before, so an answer is what the function
/// found or a refusal by what is there. It is never a fault of the function's, or a complaint about the sample.
fn takes(function: &str, answer: &Value) -> bool {
    match answer["statusCode"].as_u64() {
        Some(405) => function == "api-fallback",
        // A signature is good for five minutes.
        Some(400) => function == "providers-ingest",
        Some(status) => [200, 201, 202, 204, 401, 403, 404, 409].contains(&status),
        None => false,
    }
}

// N6
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn every_function_takes_its_sample_event() {
    let app = TestApp::start().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let mut files: Vec<_> = fs::read_dir(folder).expect("events/").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in files {
        let function = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let event = fs::read_to_string(&file).expect("a sample event");
        let answer = app.aws().invoke(&function, event).await;
        let is_right = match function.as_str() {
            "tokens-authorize" => answer["errorMessage"] == "Unauthorized",
            // What names nothing goes to the dead letters or is passed over: nothing is to be sent again.
            "payments-process" | "refunds-process" | "providers-process" | "statements-process" | "files-ingest"
            | "jobs-run" | "receipts-render" | "notifications-send" | "webhooks-deliver" => {
                answer["batchItemFailures"] == Value::Array(Vec::new())
            }
            "outbox-publish" | "cache-refresh" | "ledger-journal" | "ledger-verify" | "payments-sweep"
            | "platform-sweep" | "webhooks-due" => answer.is_null(),
            "dead-letters-keep" => answer["letters"].is_array(),
            // The sample's tenant is nobody.
            "fees-update" => answer["errors"].is_array(),
            _ => takes(&function, &answer),
        };
        if !is_right {
            wrong.push(format!("{function}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "sample events that are not taken as they should be:\n{}", wrong.join("\n"));
}
