//! What a failed call may have cost: nothing for certain only where it cannot have arrived.

use std::net::SocketAddr;

use aws_sdk_dynamodb::config::Credentials;
use domain::file::ContentType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::Settings;

async fn asked(address: SocketAddr, time_out: Duration) -> Result<Answer, ExtractorError> {
    let credentials = Credentials::new("key", "secret", None, None, "test");
    let aws = Aws::new(Settings { region: "eu-central-1".to_owned(), credentials, endpoint_url: None });
    let url = Some(format!("http://{address}"));
    let settings = ModelSettings { id: "model".to_owned(), url, output_tokens: 100, time_out };
    let document = Document { content_type: ContentType::Text, bytes: b"a document".to_vec() };
    BedrockExtractor::new(&aws, &settings).extract(&document).await
}

/// One that takes a request, answers these bytes and is gone.
async fn listener(answer: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 1_024];
        let _length = connection.read(&mut request).await;
        match answer {
            Some(answer) => connection.write_all(answer).await.expect("it is answered"),
            None => std::future::pending().await,
        }
    });
    address
}

#[tokio::test]
async fn a_call_that_finds_no_connection_has_cost_nothing() {
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its address");
    let error = asked(closed, Duration::from_secs(5)).await.expect_err("nobody is there");
    assert!(matches!(error, ExtractorError::Busy(_)), "{error:?}");
}

#[tokio::test]
async fn a_call_whose_connection_is_lost_may_have_been_paid_for() {
    for answer in [
        Some(b"".as_slice()),
        Some(b"HTTP/1.1 200 OK\r\n"),
        Some(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        None,
    ] {
        let error = asked(listener(answer).await, Duration::from_secs(1)).await.expect_err("no answer");
        assert!(matches!(error, ExtractorError::NoAnswer(_)), "after {answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn what_the_service_says_it_did_not_begin_has_cost_nothing() {
    const THROTTLED: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nx-amzn-errortype: ThrottlingException\r\n\
        Content-Length: 2\r\n\r\n{}";
    let error = asked(listener(Some(THROTTLED)).await, Duration::from_secs(5)).await.expect_err("it is throttled");
    assert!(matches!(error, ExtractorError::Busy(_)), "{error:?}");
}

#[tokio::test]
async fn a_model_that_cannot_be_asked_so_is_no_fault_of_the_document() {
    const NOT_ON_DEMAND: &[u8] = b"HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: ValidationException\r\n\
        Content-Length: 68\r\n\r\n{\"message\":\"Invocation of secret with on-demand throughput is not.\"}";
    let error = asked(listener(Some(NOT_ON_DEMAND)).await, Duration::from_secs(5)).await.expect_err("it is refused");
    let ExtractorError::Rejected(error) = error else { panic!("{error:?}") };
    let told = format!("{error:?}");
    assert!(told.contains("inference profile") && !told.contains("secret"), "{told}");

    const TOO_LONG: &[u8] = b"HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: ValidationException\r\n\
        Content-Length: 32\r\n\r\n{\"message\":\"Input is too long.\"}";
    let error = asked(listener(Some(TOO_LONG)).await, Duration::from_secs(5)).await.expect_err("it is refused");
    assert!(matches!(error, ExtractorError::Refused), "{error:?}");
}
