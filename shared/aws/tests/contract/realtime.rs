//! Pushing to connections that are no more. Those that stand are the end-to-end tests' matter: they take a client.

use coffer_aws::GatewayPusher;

use crate::place::{aws, endpoint, seed};

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_connection_that_is_no_more_is_told_of() {
    let stage = format!("{}/_aws/execute-api/nobodys/realtime", endpoint().trim_end_matches('/'));
    let pusher = GatewayPusher::new(&aws(), stage);
    contract::realtime::a_connection_that_is_no_more_is_told_of(&pusher, seed()).await;
}
