//! GET /.well-known/oauth-authorization-server.

use crate::support::TestApp;

// E6: RFC 8414; the issuer is the one in the tokens, and the key set is where it says.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn where_tokens_come_from() {
    let app = TestApp::start().await;
    let metadata = app.anyone.get("/.well-known/oauth-authorization-server").await.ok(200);
    let shop = app.sign_up().await;
    assert_eq!(metadata["issuer"], crate::tokens::payload_of(shop.token())["iss"]);
    let issuer = metadata["issuer"].as_str().expect("an issuer");
    assert_eq!(metadata["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
    assert!(metadata["response_types_supported"].is_array(), "{metadata}");
}
