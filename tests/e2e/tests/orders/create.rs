//! POST /orders: the server does the sums.

use serde_json::{Value, json};

use crate::support::{TestApp, metadata_of, order_of};

// B14
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn sums_are_the_server_s() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut body = order_of(250, "EUR");
    body["lines"] = json!([
        { "sku": "TEA", "name": "Tea", "quantity": 3, "unit_amount": 250 },
        { "sku": "CUP", "name": "Cup", "quantity": 1, "unit_amount": 1_900, "amount": 1_900 },
    ]);
    let answer = shop.post("/orders").json(&body).await;
    let order = answer.ok(201);
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/orders/{}", order["id"].as_str().expect("an id"))));
    assert_eq!((&order["lines"][0]["amount"], &order["lines"][1]["amount"]), (&json!(750), &json!(1_900)));
    for (name, value) in
        [("total_amount", 2_650), ("outstanding_amount", 2_650), ("amount_paid", 0), ("amount_refunded", 0)]
    {
        assert_eq!(order[name], value, "{name}");
    }
    assert_eq!((&order["status"], &order["metadata"]), (&json!("open"), &json!({})));
    assert_eq!(order["customer"], body["customer"]);
}

// B14: a client that counts otherwise is told, and nothing is made.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_client_s_other_sum_is_refused() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut total = order_of(250, "EUR");
    total["total_amount"] = 249.into();
    assert_eq!(shop.post("/orders").json(&total).await.faults(), ["/total_amount amount_mismatch"]);
    let mut line = order_of(250, "EUR");
    line["lines"][0]["amount"] = 251.into();
    assert_eq!(shop.post("/orders").json(&line).await.faults(), ["/lines/0/amount amount_mismatch"]);
    let mut right = order_of(250, "EUR");
    right["total_amount"] = 250.into();
    shop.post("/orders").json(&right).await.ok(201);
    assert_eq!(shop.all("/orders").await.len(), 1);
}

// B6, D2, D3: every faulty field of every line at once; sums that overflow are refused.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn faulty_orders_are_refused_field_by_field() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let body = json!({
        "currency": "eur",
        "customer": { "email": "nobody", "name": " ", "phone": "1" },
        "lines": [
            { "sku": "A", "name": "A", "quantity": 0, "unit_amount": 1.5 },
            { "sku": "B", "name": "B", "quantity": 1, "unit_amount": -1, "color": "red" },
            "tea",
        ],
        "status": "paid",
    });
    let faults = [
        "/currency invalid_currency",
        "/customer/email invalid_email",
        "/customer/name too_short",
        "/customer/phone unknown_field",
        "/lines/0/quantity out_of_range",
        "/lines/0/unit_amount not_an_integer",
        "/lines/1/color unknown_field",
        "/lines/1/unit_amount not_positive",
        "/lines/2 invalid_type",
        "/status unknown_field",
    ];
    assert_eq!(shop.post("/orders").json(&body).await.faults(), faults);

    let with_lines = |lines: Value| {
        let mut body = order_of(1, "EUR");
        body["lines"] = lines;
        body
    };
    let line = |unit_amount: i64, quantity: i64| json!({ "sku": "A", "name": "A", "quantity": quantity, "unit_amount": unit_amount });
    let hundred_and_one: Vec<Value> = (0..101).map(|_| line(1, 1)).collect();
    for (lines, fault) in [
        (json!([]), "/lines invalid_length"),
        (json!(hundred_and_one), "/lines invalid_length"),
        (json!([line(999_999_999_999, 2)]), "/lines/0/amount too_large"),
        (json!([line(999_999_999_999, 1), line(1, 1)]), "/total_amount too_large"),
    ] {
        assert_eq!(shop.post("/orders").json(&with_lines(lines)).await.faults(), [fault]);
    }
    assert_eq!(shop.all("/orders").await, Vec::<Value>::new());
}

// B17
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn card_numbers_are_refused_in_every_text() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let number = "4242 4242 4242 4242";
    let changed = |pointer: &str| {
        let mut body = metadata_of(order_of(100, "EUR"), "note", "fine");
        *body.pointer_mut(pointer).expect("a field of the order") = number.into();
        body
    };
    for (field, pointer) in [
        ("/customer/name", "/customer/name"),
        ("/lines/0/sku", "/lines/0/sku"),
        ("/lines/0/name", "/lines/0/name"),
        ("/metadata/note", "/metadata"),
    ] {
        assert_eq!(shop.post("/orders").json(&changed(field)).await.faults(), [format!("{pointer} card_number")]);
    }
    assert_eq!(shop.all("/orders").await, Vec::<Value>::new());
}

// B17: an address is text as well.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn card_numbers_are_refused_in_an_address() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut order = order_of(100, "EUR");
    order["customer"]["email"] = "4242424242424242@customer.example".into();
    assert_eq!(shop.post("/orders").json(&order).await.faults(), ["/customer/email card_number"]);
}

// Text of every language comes back as it went in.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn text_is_unicode() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let mut body = metadata_of(order_of(100, "EUR"), "größe", "żółć \u{1F375} \"quoted\" \\ /");
    body["customer"]["name"] = "Łukasz 明日香 O'Neil".into();
    let order = shop.post("/orders").json(&body).await.ok(201);
    assert_eq!((&order["customer"]["name"], &order["metadata"]), (&body["customer"]["name"], &body["metadata"]));
    let shown = shop.get(format!("/orders/{}", order["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!(shown, order);
}
