//! What the emulator and Redis take by themselves: bare calls over one connection, signed beforehand. The functions' times
//! hold the same.

use super::figures::Figures;
use crate::account::Account;
use crate::sign::Call;
use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

const CALLS: usize = 200;

pub struct Baseline {
    pub get_item: Figures,
    /// Three puts, as taking in a payment has: payment, event, answer.
    pub transaction: Figures,
    pub redis: Figures,
}

impl Baseline {
    pub async fn measure(account: &Account, table: &str, redis_port: u16) -> Result<Self> {
        let item = |number: usize| json!({ "pk": { "S": "bench#0" }, "sk": { "S": number.to_string() }, "body": { "S": "x".repeat(400) } });
        let put = |number: usize| json!({ "Put": { "TableName": table, "Item": item(number), "ConditionExpression": "attribute_not_exists(pk)" } });
        let transaction =
            |call: usize| json!({ "TransactItems": [put(call * 3), put(call * 3 + 1), put(call * 3 + 2)] });
        let key = json!({ "pk": { "S": "bench#0" }, "sk": { "S": "1" } });
        let get_item = |_| json!({ "TableName": table, "Key": key });
        Ok(Self {
            transaction: dynamodb(account, "TransactWriteItems", transaction).await?,
            get_item: dynamodb(account, "GetItem", get_item).await?,
            redis: redis(redis_port)?,
        })
    }
}

async fn dynamodb(account: &Account, action: &str, request: impl Fn(usize) -> Value) -> Result<Figures> {
    let endpoint = account.endpoint("dynamodb");
    let host = endpoint.strip_prefix("http://").context("the emulator speaks plain HTTP")?;
    let stream = tokio::net::TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let target = format!("DynamoDB_20120810.{action}");
    let mut figures = Figures::default();
    for call in 0..CALLS {
        let request = signed(account, host, &target, &request(call))?;
        let began = Instant::now();
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        figures.add(began.elapsed());
        ensure!(status.is_success(), "{action} answered {status}: {}", String::from_utf8_lossy(&body));
    }
    connection.abort();
    Ok(figures)
}

fn signed(account: &Account, host: &str, target: &str, body: &Value) -> Result<Request<Full<Bytes>>> {
    let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)];
    let body = body.to_string();
    let call = Call { service: "dynamodb", method: Method::POST, path: "/", query: "", headers: &headers, body };
    let mut request = Request::builder().method(Method::POST).uri("/").header("host", host);
    for (name, value) in call.signed(account, host)? {
        request = request.header(name, value);
    }
    Ok(request.body(Full::new(call.body.into()))?)
}

fn redis(port: u16) -> Result<Figures> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    let mut figures = Figures::default();
    let mut pong = [0_u8; 7];
    for _ in 0..CALLS {
        let began = Instant::now();
        stream.write_all(b"PING\r\n")?;
        stream.read_exact(&mut pong)?;
        figures.add(began.elapsed());
    }
    ensure!(&pong == b"+PONG\r\n", "Redis does not answer a ping");
    Ok(figures)
}
