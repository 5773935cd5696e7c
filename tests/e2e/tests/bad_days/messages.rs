//! Messages that nobody should have sent, and messages that come more than once.

use serde_json::{Value, json};

use crate::support::{SOON, TestApp, eventually, id, nobody_s, payment_of, unique};

// I3, I5: what can never succeed goes to the dead letters at once, with the reason; the good ones beside it settle.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn poison_is_put_aside_and_the_others_settle() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let aws = app.aws();
    let (queue, _) = aws.payments_queues().await;
    let mark = unique();
    let no_notice = json!({ "mark": format!("no notice {mark}") });
    let no_json = format!("no JSON {mark}");
    for body in [no_json, no_notice.to_string(), nobody_s(&shop.tenant, &mark).to_string()] {
        aws.send_message(&queue, &body).await;
    }
    let payments = futures_util::future::join_all(
        (0..5).map(async |_| shop.pay(&payment_of(100, "EUR", "tok_success")).await.ok(202)),
    );
    for payment in payments.await {
        shop.payment_in("succeeded", &payment).await;
    }
    assert_eq!(shop.balance("acc_merchant_eur").await, (500, 0));
    let letter = shop.waiting("payments").await;
    assert!(letter["reason"].as_str().expect("a reason").contains("no payment"), "{letter}");
    let processes = app.processes();
    eventually("what is nobody's among the operators' dead letters", SOON, async || {
        let listed = processes.task(&["dlq", "list", "payments"]);
        let strange = listed.matches("that are no message of ours").count();
        if strange >= 2 && listed.contains("is no notice") { Ok(()) } else { Err(listed) }
    })
    .await;
    let sent_back = processes.task(&["dlq", "redrive", "payments", "--id", id(&letter)]);
    assert!(sent_back.contains("1 dead letter sent back"), "{sent_back}");
}

// I6, A9, C1: a message that comes many times charges and books once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_message_delivered_again_does_nothing_again() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let aws = app.aws();
    let (queue, _) = aws.payments_queues().await;
    let (order, provider) = (shop.order(250, "EUR").await, aws.provider().await);
    let payment = shop.pay_order(&order, "tok_success").await;
    let created = shop.events_of(&payment).await.remove(0);
    let notice = json!({
        "event": created["id"], "tenant": shop.tenant, "type": "payment.created", "subject": payment["id"],
    });
    for _ in 0..8 {
        aws.send_message(&queue, &notice.to_string()).await;
    }
    shop.payment_in("succeeded", &payment).await;
    for _ in 0..4 {
        aws.send_message(&queue, &notice.to_string()).await;
    }
    // Later messages of the queue have been worked on when this one has.
    let later = shop.paid(1, "EUR").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;

    provider.charged_once(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (251, 0));
    let entries = shop.all("/accounts/acc_merchant_eur/entries").await;
    let booked: Vec<&Value> = entries.iter().map(|entry| &entry["payment_id"]).collect();
    assert_eq!(booked, [&later["id"], &payment["id"]]);
    let types: Vec<Value> = shop.events_of(&payment).await.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(types, ["payment.created", "payment.succeeded"]);
    assert_eq!(shop.order_in("paid", &order).await["amount_paid"], 250);
}

// I4: the dead letters are listed with their reason, and one command puts one back to be worked on.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_dead_letter_goes_back_by_one_command() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (aws, processes) = (app.aws(), app.processes());
    let (queue, dead_letters) = aws.payments_queues().await;
    // As if its cause had been mended: the payment is there by now. It has been settled already, so nothing is to be done.
    let payment = shop.paid(300, "EUR").await;
    let created = shop.events_of(&payment).await.remove(0);
    let notice = json!({
        "event": created["id"], "tenant": shop.tenant, "type": "payment.created", "subject": payment["id"],
    });
    let body = notice.to_string();
    aws.send_message(&dead_letters, &body).await;
    let letter = shop.waiting("payments").await;
    let listed = processes.task(&["dlq", "list", "payments"]);
    let names = |text: &str| listed.contains(text);
    assert!(names(id(&letter)) && names(payment["id"].as_str().expect("an id")), "{listed}");

    let said = processes.task(&["dlq", "redrive", "payments", "--id", id(&letter)]);
    assert!(said.contains("1 dead letter sent back"), "{said}");
    eventually("the letter worked on and gone", SOON, async || {
        let in_queue = aws.receive(&queue).await.into_iter().chain(aws.receive(&dead_letters).await);
        match in_queue.into_iter().find(|message| *message == body) {
            Some(message) => Err(message),
            None => Ok(()),
        }
    })
    .await;
    let shown = shop.get(format!("/dead_letters/{}", id(&letter))).await.ok(200);
    assert_eq!(shown["status"], "redriven", "the API agrees: {shown}");
    aws.provider().await.charged_once(&payment).await;
    assert_eq!(shop.balance("acc_merchant_eur").await, (300, 0));
}
