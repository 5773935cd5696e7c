//! GET /payments/{id}/receipt: the PDF, as its reader gets it.

use serde_json::json;

use crate::support::{Party, SOON, TestApp, eventually, payment_of};

/// The document behind the link, once it is made.
async fn document(app: &TestApp, shop: &Party, path: &str) -> String {
    let link = eventually("the receipt", SOON, async || {
        let answer = shop.get(path).await;
        match (answer.status, answer.header("location")) {
            (303, Some(link)) => Ok(link.to_owned()),
            (202, None) if answer.header("retry-after").is_some() => Err("it is being made".to_owned()),
            _ => panic!("{answer}"),
        }
    })
    .await;
    let bytes = app.aws().download(&link).await;
    let text = pdf_extract::extract_text_from_mem(&bytes).expect("a PDF");
    text.split_whitespace().collect()
}

// J4: paid, read, refunded in part, read again.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_receipt_is_read_behind_a_link_and_follows_refunds() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(1_000).await;
    let id = payment["id"].as_str().expect("an id");
    let path = format!("/payments/{id}/receipt");
    let text = document(&app, &shop, &path).await;
    for part in [id, order["id"].as_str().expect("an id"), "EUR10.00paidon", "PaymentmethodCard", "Page1of1"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("Refunded"), "{text}");

    shop.refund(&payment, &json!({ "amount": 300 })).await.ok(202);
    shop.settled_refunds(&payment).await;
    let text = document(&app, &shop, &path).await;
    assert!(text.contains("RefundedEUR-3.00") && text.contains("PaidafterrefundsEUR7.00"), "{text}");
}

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_has_not_succeeded_and_what_is_another_s_has_none() {
    let app = TestApp::start().await;
    let (shop, other) = (app.sign_up().await, app.sign_up().await);
    let declined = shop.pay(&payment_of(500, "EUR", "tok_declined_expired_card")).await.ok(202);
    let path = format!("/payments/{}/receipt", declined["id"].as_str().expect("an id"));
    shop.get(&path).await.problem(409, "illegal_state");
    other.get(&path).await.problem(404, "not_found");
}
