//! PUT /settings/mail: whom mails are from, where answers go, what is not sent.

use serde_json::json;

use crate::support::{SOON, TestApp, eventually};

#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn mails_go_out_as_the_settings_say() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = json!({ "from_name": "The Tea Room", "reply_to": "help@tea.example", "off": ["refund"] });
    let saved = shop.call("PUT", "/settings/mail").json(&body).await.ok(200);
    assert_eq!(shop.get("/settings/mail").await.ok(200), saved);

    let (_, payment) = shop.paid_order(1_000).await;
    let id = payment["id"].as_str().expect("an id");
    let mails = eventually("the mail", SOON, async || {
        let mails = app.aws().mails_naming(id).await;
        if mails.is_empty() { Err("none".to_owned()) } else { Ok(mails) }
    })
    .await;
    assert_eq!(mails[0]["Source"], "\"The Tea Room\" <mail@coffer.example>");

    let refund = shop.refund(&payment, &json!({})).await.ok(202);
    shop.settled_refunds(&payment).await;
    let refunded = app.aws().mails_naming(refund["id"].as_str().expect("an id")).await;
    assert!(refunded.is_empty(), "{refunded:?}");
}
