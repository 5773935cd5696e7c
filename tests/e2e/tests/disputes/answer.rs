//! POST /disputes/{id}/answer.

use serde_json::{Value, json};

use crate::support::{Answer, Party, TestApp, new_key};

async fn answer(party: &Party, dispute: &Value, evidence: &str) -> Answer {
    let path = format!("/disputes/{}/answer", dispute["id"].as_str().expect("an id"));
    party.post(path).key(&new_key()).json(&json!({ "evidence": evidence })).await
}

// B12: an answer is handed on, and the bank's decision moves the money.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn an_answer_wins_or_loses() {
    let app = TestApp::start().await;
    for (evidence, status, merchant, clearing) in
        [("winning_evidence", "won", 700, -700), ("losing_evidence", "lost", 0, 0)]
    {
        let shop = app.sign_up().await;
        let dispute = shop.disputed(700).await;
        assert_eq!(answer(&shop, &dispute, evidence).await.ok(202)["status"], "under_review");
        let decided = shop.dispute_in(status, &dispute).await;
        assert_eq!(decided["evidence"], evidence);
        let balances = [shop.balance("acc_merchant_eur").await, shop.balance("acc_clearing_eur").await];
        assert_eq!(balances, [(merchant, 0), (clearing, 0)], "{status}");
        assert_eq!(shop.balance("acc_disputes_eur").await, (0, 0));
        answer(&shop, &dispute, "more").await.problem(409, "illegal_state");
        let types: Vec<Value> = shop.events_of(&dispute).await.iter().map(|event| event["type"].clone()).collect();
        assert_eq!(types, ["dispute.created", "dispute.answered", format!("dispute.{status}").as_str()]);
    }
}

// D2: what cannot be an answer is refused by field.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn faulty_answers_are_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let dispute = shop.disputed(700).await;
    assert_eq!(answer(&shop, &dispute, "").await.faults(), ["/evidence too_short"]);
    assert_eq!(answer(&shop, &dispute, &"x".repeat(4_001)).await.faults(), ["/evidence too_long"]);
    assert_eq!(answer(&shop, &dispute, "card 4242 4242 4242 4242").await.faults(), ["/evidence card_number"]);
    assert_eq!(shop.dispute_in("needs_response", &dispute).await, dispute);
}
