//! The edge: what a CDN is on AWS, one origin in front of the API. `/api/...` goes to the API Gateway stage of the deployed
//! stack, `/realtime` to its sockets, anything else is not found. Bodies are held whole, up to API Gateway's own limit.

use crate::deploy::Deployed;
use crate::edge_socket;
use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hyper::{Request, Response, StatusCode, Uri, server::conn::http1, service::service_fn};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::json;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};

const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// API Gateway gives up after 29 seconds; it is to be the one that answers.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(32);
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Answers who is serving this port, for `up` and `down`.
pub const IDENTITY_PATH: &str = "/_coffer";

/// RFC 9110 section 7.6.1, and what a client may not claim about itself.
const NOT_PASSED_ON: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
];

pub type Answer = Response<Full<Bytes>>;

struct Edge {
    client: Client<HttpConnector, Full<Bytes>>,
    deployed: PathBuf,
    /// What is deployed as last read, and how old the file was then: a deployment may change it.
    read: Mutex<Option<(SystemTime, Arc<Deployed>)>>,
}

/// Serves until the process is ended.
pub fn serve(port: u16, deployed: PathBuf) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let v4 =
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| format!("cannot use port {port}"))?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        let edge = Arc::new(Edge { client, deployed, read: Mutex::new(None) });
        // `localhost` is IPv6 first on many machines; without IPv6 the other one is enough.
        if let Ok(v6) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            tokio::spawn(accept(v6, Arc::clone(&edge)));
        }
        accept(v4, edge).await;
        Ok(())
    })
}

async fn accept(listener: TcpListener, edge: Arc<Edge>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, peer, Arc::clone(&edge)));
            }
            Err(error) => {
                // Too many open files, most likely: give connections time to end.
                eprintln!("cannot accept: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, edge: Arc<Edge>) {
    // Only a matter of speed.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Infallible>(edge.answer(request, peer.ip()).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS_TIMEOUT);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).with_upgrades().await
        && !error.is_incomplete_message()
        && !error.is_timeout()
    {
        eprintln!("connection of {peer}: {error}");
    }
}

impl Edge {
    async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Answer {
        if request.uri().path() == IDENTITY_PATH {
            return self.identity();
        }
        let answer = if request.uri().path() == edge_socket::PATH {
            self.open_socket(request).await
        } else {
            self.forward(request, peer).await
        };
        match answer {
            Ok(answer) => answer,
            Err(refusal) => refusal.answer(),
        }
    }

    async fn forward(&self, request: Request<Incoming>, peer: IpAddr) -> Result<Answer, Refusal> {
        let (parts, body) = request.into_parts();
        let api_path = api_path(&parts.uri).ok_or(Refusal::NotFound)?;
        let target: Uri = format!("{}{api_path}", self.deployed()?.api_url).parse().map_err(|_| Refusal::NotFound)?;
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|error| Refusal::from_body(&*error))?;

        let mut forwarded = Request::new(Full::new(body.to_bytes()));
        *forwarded.method_mut() = parts.method;
        *forwarded.uri_mut() = target;
        *forwarded.headers_mut() = passed_on(&parts.headers);
        forwarded.headers_mut().remove(HOST);
        forwarded.headers_mut().remove(CONTENT_LENGTH);
        // The emulator takes the caller's address from here; on AWS it is the connection's.
        if let Ok(address) = HeaderValue::from_str(&peer.to_string()) {
            forwarded.headers_mut().insert("x-forwarded-for", address);
        }
        let answer = tokio::time::timeout(UPSTREAM_TIMEOUT, async {
            let answer = self.client.request(forwarded).await.map_err(|error| Refusal::bad_gateway(&error))?;
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.map_err(|error| Refusal::bad_gateway(&error))?;
            Ok((parts, body.to_bytes()))
        });
        let (parts, body) = answer.await.map_err(|_| Refusal::GatewayTimeout)??;
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = passed_on(&parts.headers);
        Ok(answer)
    }

    async fn open_socket(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        if !edge_socket::is_handshake(request.headers()) {
            return Err(Refusal::UpgradeRequired);
        }
        let deployed = self.deployed()?;
        let opening = tokio::time::timeout(UPSTREAM_TIMEOUT, edge_socket::open(request, &deployed.realtime_url));
        opening.await.map_err(|_| Refusal::GatewayTimeout)?.map_err(|error| Refusal::bad_gateway(&*error))
    }

    /// Reads the file again when a deployment has written it anew.
    fn deployed(&self) -> Result<Arc<Deployed>, Refusal> {
        let modified = std::fs::metadata(&self.deployed).and_then(|file| file.modified());
        let modified = modified.map_err(|_| Refusal::NotDeployed)?;
        let mut known = self.read.lock().map_err(|_| Refusal::NotDeployed)?;
        if let Some((at, deployed)) = known.as_ref()
            && *at == modified
        {
            return Ok(Arc::clone(deployed));
        }
        let json = std::fs::read(&self.deployed).map_err(|_| Refusal::NotDeployed)?;
        let deployed: Arc<Deployed> = Arc::new(serde_json::from_slice(&json).map_err(|_| Refusal::NotDeployed)?);
        *known = Some((modified, Arc::clone(&deployed)));
        Ok(deployed)
    }

    fn identity(&self) -> Answer {
        json_answer(
            StatusCode::OK,
            "application/json",
            &json!({ "pid": std::process::id(), "deployed": self.deployed }),
        )
    }
}

/// `/api/v1/orders?limit=1` → `/v1/orders?limit=1`. `None` for other paths and for those that would climb out of the stage.
fn api_path(uri: &Uri) -> Option<&str> {
    let path = uri.path().strip_prefix("/api/")?;
    let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(climbs) {
        return None;
    }
    uri.path_and_query()?.as_str().strip_prefix("/api")
}

/// Without the fields that belong to one connection only, those named in `Connection` included.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let is_passed = |name: &HeaderName| !NOT_PASSED_ON.contains(&name.as_str()) && !named.contains(name);
    headers.iter().filter(|(name, _)| is_passed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

enum Refusal {
    NotFound,
    BodyTooLarge,
    BodyBroken,
    UpgradeRequired,
    NotDeployed,
    BadGateway,
    GatewayTimeout,
}

impl Refusal {
    fn from_body(error: &(dyn std::error::Error + 'static)) -> Self {
        if error.is::<LengthLimitError>() { Self::BodyTooLarge } else { Self::BodyBroken }
    }

    fn bad_gateway(error: &dyn std::error::Error) -> Self {
        eprintln!("the emulator does not answer: {error}");
        Self::BadGateway
    }

    fn answer(self) -> Answer {
        let (status, code, detail) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Nothing is served here. The API is under /api/v1."),
            Self::BodyTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "A request body holds at most 10 MiB.")
            }
            Self::BodyBroken => (StatusCode::BAD_REQUEST, "malformed_body", "The request body ended early."),
            Self::UpgradeRequired => {
                (StatusCode::UPGRADE_REQUIRED, "upgrade_required", "Sockets are opened here, by a WebSocket handshake.")
            }
            Self::NotDeployed => {
                (StatusCode::SERVICE_UNAVAILABLE, "not_deployed", "No stack is deployed. Run `cargo xtask up`.")
            }
            Self::BadGateway => (StatusCode::BAD_GATEWAY, "bad_gateway", "The API did not answer."),
            Self::GatewayTimeout => (StatusCode::GATEWAY_TIMEOUT, "gateway_timeout", "The API did not answer in time."),
        };
        let title = status.canonical_reason().unwrap_or_default();
        let kind = format!("/docs/status-codes#{code}");
        let problem =
            json!({ "type": kind, "title": title, "status": status.as_u16(), "code": code, "detail": detail });
        let mut answer = json_answer(status, "application/problem+json", &problem);
        if status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 sections 15.5.22 and 7.8.
            answer.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
        }
        answer
    }
}

fn json_answer(status: StatusCode, content_type: &'static str, body: &serde_json::Value) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

#[cfg(test)]
mod tests {
    use super::{api_path, passed_on};
    use hyper::header::{HeaderMap, HeaderValue};

    #[test]
    fn only_the_api_is_reached() {
        let cases = [
            ("/api/v1/orders?limit=1", Some("/v1/orders?limit=1")),
            ("/api/v1/files/a%2Fb", Some("/v1/files/a%2Fb")),
            ("/api/", Some("/")),
            ("/api", None),
            ("/apis/v1", None),
            ("/docs", None),
            ("/api/../_ministack/reset", None),
            ("/api/v1/%2E%2e/%2e./x", None),
        ];
        for (path, wanted) in cases {
            assert_eq!(api_path(&path.parse().expect("a path")), wanted, "{path}");
        }
    }

    #[test]
    fn what_belongs_to_one_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("connection", "close, x-mine"), ("x-mine", "1"), ("te", "trailers"), ("accept", "*/*")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let names: Vec<_> = passed_on(&headers).keys().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(names, ["accept"]);
    }
}
