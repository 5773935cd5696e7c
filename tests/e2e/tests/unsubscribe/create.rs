//! GET and POST /unsubscribe: one click in a mail ends it, and the tenant may begin again.

use serde_json::{Value, json};

use crate::support::{SOON, TestApp, eventually};

// J6: opt-out, as a mail program does it.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn one_click_ends_mail_until_the_shop_begins_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (_, payment) = shop.paid_order(1_000).await;
    let id = payment["id"].as_str().expect("an id");
    let link = eventually("the mail with its link", SOON, async || {
        let mails = app.aws().mails_naming(id).await;
        let link = |mail: &Value| {
            let text = mail["BodyText"].as_str()?;
            text.split_whitespace().find(|word| word.contains("/unsubscribe?token=")).map(str::to_owned)
        };
        mails.iter().find_map(link).ok_or_else(|| format!("none about {id}"))
    })
    .await;
    let (_, token) = link.split_once("?token=").expect("a token");
    let path = format!("/unsubscribe?token={token}");
    let page = app.anyone.get(&path).header("accept", "text/html").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{page}");
    assert!(page.text.contains("<form method=\"post\">"), "{page}");
    let wrong = app.anyone.post(format!("{path}0")).await;
    assert_eq!(wrong.status, 404, "{wrong}");
    let one_click = ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
    let done = app.anyone.post(&path).text(one_click.0, one_click.1).await;
    assert!(done.status == 200 && done.text.contains("sends nothing more"), "{done}");

    let refused = shop.get("/settings/mail/refused").await.ok(200);
    assert_eq!(refused["data"][0]["reason"], json!("opted_out"), "{refused}");
    let refund = shop.refund(&payment, &json!({ "amount": 300 })).await.ok(202);
    shop.settled_refunds(&payment).await;
    let told = app.aws().mails_naming(refund["id"].as_str().expect("an id")).await;
    assert!(told.is_empty(), "{told:?}");
    let address = refused["data"][0]["address_sha256"].as_str().expect("a hash");
    assert_eq!(shop.delete(format!("/settings/mail/refused/{address}")).await.status, 204);
    assert_eq!(shop.get("/settings/mail/refused").await.ok(200)["data"], json!([]));
}
