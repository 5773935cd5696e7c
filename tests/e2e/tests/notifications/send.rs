//! What people are told by mail, as the emulator's post office has it.

use serde_json::{Value, json};

use crate::support::{SOON, TestApp, eventually};

/// The mails whose text names this, once there is one.
async fn mails_about(app: &TestApp, id: &Value) -> Vec<Value> {
    let id = id.as_str().expect("an id");
    eventually("the mail", SOON, async || {
        let mails = app.aws().mails_naming(id).await;
        if mails.is_empty() { Err(format!("none about {id}")) } else { Ok(mails) }
    })
    .await
}

fn says(mail: &Value, part: &str) -> bool {
    ["BodyText", "BodyHtml"].iter().all(|body| mail[*body].as_str().is_some_and(|text| text.contains(part)))
}

// J6: the customer hears of the payment and of the refund, once each.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_customer_is_told_of_payment_and_refund_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(1_000).await;
    let told = mails_about(&app, &payment["id"]).await;
    let subject = told[0]["Subject"].as_str().unwrap_or_default();
    assert!(subject.starts_with("Your receipt from") && says(&told[0], "EUR 10.00"), "{told:?}");
    assert_eq!(told[0]["To"], json!([order["customer"]["email"]]));
    assert!(told[0]["Source"].as_str().is_some_and(|from| from.ends_with("<mail@coffer.example>")), "{told:?}");

    let refund = shop.refund(&payment, &json!({ "amount": 300 })).await.ok(202);
    let refunded = mails_about(&app, &refund["id"]).await;
    assert!(says(&refunded[0], "EUR 3.00"), "{refunded:?}");
    let counts = (mails_about(&app, &payment["id"]).await.len(), refunded.len());
    assert_eq!(counts, (1, 1));
}
