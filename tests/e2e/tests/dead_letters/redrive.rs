//! I4: a dead letter is seen by its tenant with the reason, and goes back by one call.

use serde_json::json;

use crate::support::{SOON, TestApp, eventually, id, new_key};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_dead_letter_is_looked_at_and_sent_back() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let letter = shop.dead_letter().await;
    let path = format!("/dead_letters/{}", id(&letter));
    assert_eq!(
        (&letter["queue"], &letter["status"], &letter["deaths"]),
        (&json!("payments"), &json!("waiting"), &json!(1))
    );
    assert!(letter["reason"].as_str().expect("a reason").contains("no payment"), "{letter}");
    let queues = shop.get("/dead_letters/queues").await.ok(200);
    let queues = queues["data"].as_array().expect("queues");
    let payments = queues.iter().find(|queue| queue["queue"] == "payments").expect("the queue");
    assert_eq!(payments["waiting"], 1);

    let key = new_key();
    let redriven = shop.post(format!("{path}/redrive")).key(&key).await.ok(202);
    assert_eq!(redriven["status"], "redriven");
    assert_eq!(shop.post(format!("{path}/redrive")).key(&key).await.ok(202), redriven);
    // Its cause is not mended, so it dies again: the same letter.
    eventually("it died again", SOON, async || {
        let again = shop.get(path.clone()).await.ok(200);
        if again["deaths"] == 2 && again["status"] == "waiting" { Ok(()) } else { Err(again.to_string()) }
    })
    .await;
    let body = json!({ "queue": "payments" });
    let drained = shop.post("/dead_letters/redrive").key(&new_key()).json(&body).await.ok(200);
    assert_eq!((&drained["redriven"], &drained["more"]), (&json!(1), &json!(false)));
}
