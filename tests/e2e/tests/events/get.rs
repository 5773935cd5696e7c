//! GET /events/{id}.

use crate::support::TestApp;

// An event alone is what it is in the list.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn one_event() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let order = shop.order(100, "EUR").await;
    let [event] = &shop.events_of(&order).await[..] else { panic!("not one event") };
    let shown = shop.get(format!("/events/{}", event["id"].as_str().expect("an id"))).await.ok(200);
    assert_eq!(&shown, event);
    for id in ["evt_01m7z21wcwfb09peqcqcw21n8d", "evt_", "1"] {
        shop.get(format!("/events/{id}")).await.problem(404, "not_found");
    }
}
