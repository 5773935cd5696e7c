//! A small Lambda Runtime API: gives one process of a function one event after the other and takes its answers.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use super::event::Event;
use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const VERSION: &str = "/2018-06-01/runtime";

/// Serves until it is dropped.
pub struct Stub {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Event>,
    answers: mpsc::UnboundedReceiver<Posted>,
    server: JoinHandle<()>,
}

struct Shared {
    first_next: OnceLock<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    /// When the event that is being worked on was given out.
    given_at: Mutex<Option<Instant>>,
    answers: mpsc::UnboundedSender<Posted>,
}

struct Posted {
    answer: Answer,
    is_error: bool,
}

/// What the function posted for an event.
pub struct Answer {
    pub given_at: Instant,
    pub posted_at: Instant,
    pub body: Bytes,
}

impl Stub {
    pub async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, waiting) = mpsc::unbounded_channel();
        let (posted, answers) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            first_next: OnceLock::new(),
            events: Mutex::new(waiting),
            given_at: Mutex::new(None),
            answers: posted,
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, events, answers, server })
    }

    /// Has the event ready, so that the process gets it when it first asks.
    pub fn offer(&self, event: Event) -> Result<()> {
        self.events.send(event).ok().context("the stub has ended")
    }

    pub async fn answer(&mut self) -> Result<Answer> {
        let posted = timeout(ANSWER_WITHIN, self.answers.recv()).await;
        let Posted { answer, is_error } =
            posted.context("the function does not answer; see its log")?.context("the stub has ended")?;
        if is_error {
            bail!("the function failed: {}", String::from_utf8_lossy(&answer.body));
        }
        Ok(answer)
    }

    /// When the process first asked for work: its own start was over then.
    pub fn first_next(&self) -> Result<Instant> {
        self.shared.first_next.get().copied().context("the function has not asked for work")
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Only a matter of speed.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(shared.serve(request).await) }
        });
        // It ends when the process does, which is no fault.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Shared {
    async fn serve(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().strip_prefix(VERSION).unwrap_or_default().to_owned();
        if request.method() == Method::GET && path == "/invocation/next" {
            return self.next().await;
        }
        let is_error = path.ends_with("/error");
        if request.method() == Method::POST && (is_error || path.ends_with("/response")) {
            return self.posted(request, is_error).await;
        }
        status(StatusCode::NOT_FOUND)
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.first_next.get_or_init(Instant::now);
        let Some(event) = self.events.lock().await.recv().await else { return status(StatusCode::GONE) };
        let Event { request_id, body } = event;
        let deadline = SystemTime::now() + ANSWER_WITHIN;
        let deadline_ms = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &request_id)
            .header("lambda-runtime-deadline-ms", deadline_ms.to_string())
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            )
            .body(Full::new(Bytes::from(body)));
        *self.given_at.lock().await = Some(Instant::now());
        response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    async fn posted(&self, request: Request<Incoming>, is_error: bool) -> Response<Full<Bytes>> {
        let Ok(body) = request.into_body().collect().await else { return status(StatusCode::BAD_REQUEST) };
        let posted_at = Instant::now();
        // A process that fails before it asks for work posts without an event.
        let given_at = self.given_at.lock().await.take().unwrap_or(posted_at);
        let answer = Answer { given_at, posted_at, body: body.to_bytes() };
        // Nobody listens any more when the bench has given up on this process.
        let _ = self.answers.send(Posted { answer, is_error });
        status(StatusCode::ACCEPTED)
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
