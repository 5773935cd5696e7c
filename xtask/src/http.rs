//! The little HTTP that the tasks need: one request, one answer, plain text, to an address on this machine. What is not on
//! this machine is HTTPS, which `curl` speaks.

use crate::curl;
use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(35);

pub struct Answer {
    pub status: u16,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub fn get(url: &str) -> Result<Answer> {
    send(Method::GET, url, &[], Bytes::new())
}

pub fn post_json(url: &str, body: &Value) -> Result<Answer> {
    send(Method::POST, url, &[("content-type".to_owned(), "application/json".to_owned())], body.to_string().into())
}

pub fn send(method: Method, url: &str, headers: &[(String, String)], body: Bytes) -> Result<Answer> {
    if url.starts_with("https://") {
        let body = std::str::from_utf8(&body).context("the body is no text")?;
        return curl::send(&method, url, headers, body).with_context(|| format!("no answer from {url}"));
    }
    let uri: Uri = url.parse().with_context(|| format!("not an address: {url}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async { timeout(TIMEOUT, exchange(method, uri, headers, body)).await });
    match answer {
        Ok(answer) => answer.with_context(|| format!("no answer from {url}")),
        Err(_) => bail!("no answer from {url} within {} s", TIMEOUT.as_secs()),
    }
}

async fn exchange(method: Method, uri: Uri, headers: &[(String, String)], body: Bytes) -> Result<Answer> {
    let authority = uri.authority().context("the address has no host")?.clone();
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the request; its error, if any, is the request's as well.
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder().method(method).uri(path).header("host", authority.as_str());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = sender.send_request(request.body(Full::new(body))?).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok(Answer { status, body })
}
