//! GET /users/{id}.

use crate::support::TestApp;

// E9: oneself always, others with a right to.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn oneself_and_others() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let viewer = shop.add("viewer").await;
    let me = viewer.get("/users/me").await;
    assert_eq!(me.ok(200)["id"], viewer.id.as_str());
    assert!(me.header("etag").is_some(), "{me}");
    assert_eq!(viewer.get(format!("/users/{}", viewer.id)).await.ok(200), me.json());
    assert_eq!(shop.get(format!("/users/{}", viewer.id)).await.ok(200), me.json());
    viewer.get(format!("/users/{}", shop.owner.id)).await.problem(403, "forbidden");
    for id in ["usr_01m7z21wcwfb09peqcqcw21n8d", "you", "usr_"] {
        shop.get(format!("/users/{id}")).await.problem(404, "not_found");
    }
}
