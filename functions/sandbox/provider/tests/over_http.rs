//! Coffer's client against the provider over a real socket: the contract of the payment provider, both halves at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use contract::provider as promises;
use domain::secret::Secret;
use http_body_util::{BodyExt, Full};
use http_kit::Request;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use provider::{HttpProvider, ProviderConfig};
use sandbox::MemoryBook;
use sandbox_provider::{Deps, answer};
use tokio::net::TcpListener;

const API_KEY: &str = "sk_sandbox_1";
const TIMEOUT: Duration = Duration::from_millis(500);

/// Serves the provider for as long as the test runs.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let book: &'static MemoryBook = Box::leak(Box::default());
    let api_key: &'static Secret = Box::leak(Box::new(Secret::new(API_KEY)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(move |request| async move {
                let deps = Deps { book, api_key, dawdle: 2 * TIMEOUT, listener: None };
                let response = answer(deps, &received(request).await).await.response;
                let answer = hyper::Response::builder().status(response.status);
                Ok::<_, Infallible>(answer.body(Full::new(Bytes::from(response.body))).expect("an answer"))
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes away is what half of this is about.
            tokio::spawn(async move { connection.await.unwrap_or_default() });
        }
    });
    address
}

/// What the gateway makes of a request.
async fn received(request: hyper::Request<Incoming>) -> Request {
    let (head, body) = request.into_parts();
    let query = head.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers: head.headers,
        body: body.collect().await.expect("a body").to_bytes().to_vec(),
        ..Request::default()
    }
}

async fn client() -> HttpProvider {
    let config = ProviderConfig::new(format!("http://{}", serve().await), Secret::new(API_KEY));
    HttpProvider::new(ProviderConfig { timeout: TIMEOUT, ..config }).expect("a good configuration")
}

#[tokio::test]
async fn charges() {
    let client = client().await;
    promises::a_key_charges_once(&client, 1).await;
    promises::declines_are_told_by_code(&client, 2).await;
    promises::what_was_never_seen_is_not_found(&client, 3).await;
    promises::a_charge_without_an_answer_is_found(&client, 4).await;
    promises::a_flaky_charge_succeeds_at_the_third_try(&client, 5).await;
    promises::a_charge_that_waits_can_be_given_up(&client, 6).await;
    promises::a_decided_charge_is_not_given_up(&client, 7).await;
    promises::a_charge_by_hand_is_captured_once(&client, 10).await;
    promises::an_authorised_charge_can_be_given_up(&client, 11).await;
}

#[tokio::test]
async fn disputes() {
    let client = client().await;
    promises::a_dispute_is_found_and_answered(&client, 12).await;
}

#[tokio::test]
async fn refunds() {
    let client = client().await;
    promises::a_key_refunds_once(&client, 8).await;
    promises::refunds_end_at_what_was_charged(&client, 9).await;
}
