//! GET /orders/{id}: from the cache where it has it, and the same either way.

use serde_json::{Value, json};

use crate::support::{SOON, TestApp, eventually};

fn path(order: &Value) -> String {
    format!("/orders/{}", order["id"].as_str().expect("an id"))
}

// H1: the second read is the cache's, and a cached answer is the uncached one to the byte.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_cached_answer_is_the_uncached_one() {
    let app = TestApp::start().await;
    let (shop, redis) = (app.sign_up().await, app.redis());
    let order = shop.order(100, "EUR").await;
    let cached = shop.get(path(&order)).await;
    assert_eq!(cached.ok(200), order);
    let [name] = &redis.names_with(order["id"].as_str().expect("an id"))[..] else {
        panic!("not one entry of the order")
    };
    let entry = redis.value(name).expect("an entry");

    // Nobody but the cache knows this name.
    redis.set(name, &entry.replace("Casey Customer", "Cached Customer"));
    assert_eq!(shop.get(path(&order)).await.ok(200)["customer"]["name"], "Cached Customer");

    redis.remove(name);
    let uncached = shop.get(path(&order)).await;
    assert_eq!((&uncached.text, uncached.header("etag")), (&cached.text, cached.header("etag")));
    assert_eq!(redis.value(name), Some(entry), "the read has filled the cache again");
}

// H3: whoever changes an order sees the change at once.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_reader_sees_its_own_change_at_once() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for _ in 0..5 {
        let order = shop.order(100, "EUR").await;
        let before = shop.get(path(&order)).await;
        assert_eq!(before.ok(200)["status"], "open");
        shop.post(format!("{}/cancel", path(&order))).await.ok(200);
        let after = shop.get(path(&order)).await;
        assert_eq!(after.ok(200)["status"], "cancelled");
        assert_ne!(after.header("etag"), before.header("etag"), "another version has another ETag");
    }
}

// H1: what a worker changes far from the cache is shown soon all the same.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn a_worker_s_change_reaches_the_cache() {
    let app = TestApp::start().await;
    let (shop, redis) = (app.sign_up().await, app.redis());
    let (order, payment) = shop.paid_order(100).await;
    for (resource, status) in [(&order, "paid"), (&payment, "succeeded")] {
        let id = resource["id"].as_str().expect("an id");
        eventually("the worker's change in the cache", SOON, async || {
            let entries: Vec<String> = redis.names_with(id).iter().filter_map(|name| redis.value(name)).collect();
            let is_there = entries.iter().any(|entry| entry.contains(&format!("\"status\":\"{status}\"")));
            if is_there { Ok(()) } else { Err(format!("{entries:?}")) }
        })
        .await;
    }
}

// D4
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn what_is_no_order_is_not_found() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    for id in ["ord_01m7z21wcwfb09peqcqcw21n8d", "ord_01M7Z21WCWFB09PEQCQCW21N8D", "ord_", "0", "'"] {
        let problem = shop.get(format!("/orders/{id}")).await.problem(404, "not_found");
        assert_eq!(problem["detail"], json!("There is no such order."));
    }
}
