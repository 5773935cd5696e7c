//! In AWS's place, for tests: one request is taken and answered, and what it said is told.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::{Aws, Credentials, Settings};

/// The adapters' settings, and the body of the request that comes. It is answered with `answer`, which is JSON.
pub(crate) async fn listener(answer: &'static str) -> (Aws, JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let heard = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let body = body(&mut connection).await;
        let length = answer.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        connection.write_all(format!("{head}{answer}").as_bytes()).await.expect("it is answered");
        serde_json::from_slice(&body).expect("JSON")
    });
    let credentials = Credentials::new("key", "secret", None, None, "test");
    let endpoint_url = Some(format!("http://{address}"));
    (Aws::new(Settings { region: "eu-central-1".to_owned(), credentials, endpoint_url }), heard)
}

/// Of a request that says how long it is, as those of the SDK do.
async fn body(connection: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    loop {
        assert_ne!(connection.read_buf(&mut request).await.expect("a request"), 0, "it ends early");
        let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.expect("a length").parse().expect("a number");
        let body = &request[end + 4..];
        if body.len() >= length {
            return body[..length].to_vec();
        }
    }
}
