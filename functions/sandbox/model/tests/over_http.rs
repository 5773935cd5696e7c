//! Coffer's adapter for Bedrock against the sandbox's model over a real socket: the contract of the extractor, both halves at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use aws::{Aws, BedrockExtractor, Credentials, ModelSettings, Settings};
use contract::extractor as promises;
use domain::file::ContentType;
use http_body_util::{BodyExt, Full};
use http_kit::Request;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ports::extraction::{Document, Extractor, ExtractorError};
use sandbox::MemoryBook;
use sandbox_model::{Deps, answer};
use tokio::net::TcpListener;

const TIME_OUT: Duration = Duration::from_secs(2);

/// Serves the model for as long as the test runs.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let book: &'static MemoryBook = Box::leak(Box::default());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service_fn(move |request| async move {
                let deps = Deps { book, dawdle: 2 * TIME_OUT };
                let response = answer(deps, &received(request).await).await.response;
                let headers = response.headers.iter();
                let answer = hyper::Response::builder().status(response.status);
                let answer = headers.fold(answer, |answer, (name, value)| answer.header(*name, value));
                Ok::<_, Infallible>(answer.body(Full::new(Bytes::from(response.body))).expect("an answer"))
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes away is a part of this.
            tokio::spawn(async move { connection.await.unwrap_or_default() });
        }
    });
    address
}

/// What the gateway makes of a request below its stage.
async fn received(request: hyper::Request<Incoming>) -> Request {
    let (head, body) = request.into_parts();
    Request {
        method: head.method.to_string(),
        path: head.uri.path().trim_start_matches("/sandbox").to_owned(),
        headers: head.headers,
        body: body.collect().await.expect("a body").to_bytes().to_vec(),
        ..Request::default()
    }
}

fn model(url: String) -> BedrockExtractor {
    let credentials = Credentials::new("AKIAEXAMPLE", "example", None, None, "test");
    let aws = Aws::new(Settings { region: "eu-central-1".to_owned(), credentials, endpoint_url: None });
    let settings = ModelSettings { id: "sandbox".to_owned(), url: Some(url), output_tokens: 1_000, time_out: TIME_OUT };
    BedrockExtractor::new(&aws, &settings)
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    let model = model(format!("http://{}/sandbox", serve().await));
    promises::a_document_of_any_type_is_read_and_its_tokens_are_counted(&model).await;
    promises::what_is_not_an_end_is_no_answer_and_is_paid_for(&model).await;
    promises::every_fault_says_whether_it_may_be_paid_for(&model).await;
    promises::a_model_that_was_busy_answers_later(&model).await;
}

#[tokio::test]
async fn a_model_that_is_not_there_is_busy_and_one_that_is_wrong_is_rejected_without_a_word_of_the_document() {
    let document = Document { content_type: ContentType::Text, bytes: b"Supplier: Green Tea".to_vec() };
    let nobody = model("http://127.0.0.1:9".to_owned());
    assert!(matches!(nobody.extract(&document).await, Err(ExtractorError::Busy(_))));
    let wrong = model(format!("http://{}/elsewhere", serve().await));
    let error = wrong.extract(&document).await.expect_err("there is no such operation");
    assert!(matches!(error, ExtractorError::Rejected(_)), "{error:?}");
    assert!(!format!("{error} {error:?} {document:?}").contains("Tea"), "{error:?}");
}
