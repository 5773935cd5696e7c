//! The ledger behind the API: what is posted comes into the journal, and a verification finds nothing wrong.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::TestApp;

// C5, C6
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_posted_comes_into_the_journal() {
    const TRIES_MAX: usize = 120;
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    shop.paid(100, "EUR").await;
    shop.paid(250, "USD").await;
    let tenant = shop.get("/tenants/me").await.ok(200)["id"].clone();
    let question = json!({ "ledger": "verify", "tenant": tenant }).to_string();
    let mut answer = Value::Null;
    for _ in 0..TRIES_MAX {
        answer = app.aws().invoke("ledger-verify", question.clone()).await;
        assert_eq!((&answer["done"], &answer["faults"]), (&json!(true), &json!([])), "{answer}");
        if answer["blocks"].as_u64().is_some_and(|blocks| blocks > 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(answer["blocks"].as_u64().is_some_and(|blocks| (1..=2).contains(&blocks)), "{answer}");
    let listed = app.aws().invoke("ledger-verify", json!({ "ledger": "tenants" }).to_string()).await;
    assert!(listed["tenants"].as_array().is_some_and(|tenants| tenants.contains(&tenant)), "{listed}");
}
