//! A receiver of webhooks on this machine: keeps what it is sent and answers as it is told, 200 when it is told nothing.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use standardwebhooks::Webhook;

use super::eventually;

/// In order, an event waits for the log to be settled and for those before it.
const ARRIVES_WITHIN: Duration = Duration::from_secs(60);

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/hooks", listener.local_addr().expect("bound"));
        let receiver = Self { url, received: Arc::default(), answers: Arc::default() };
        let taking = receiver.clone();
        // Ends with the test's process.
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| taking.take(stream)));
        receiver
    }

    /// The statuses of the next answers.
    pub fn will_answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).extend(statuses);
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first so many requests, once they are here.
    pub async fn requests(&self, count: usize) -> Vec<Received> {
        eventually("requests of webhooks", ARRIVES_WITHIN, async || {
            let received = self.received();
            let seen = format!("{} of {count}", received.len());
            if received.len() >= count { Ok(received) } else { Err(seen) }
        })
        .await
    }

    /// One connection, one request.
    fn take(&self, mut stream: TcpStream) {
        let Some(received) = read(&mut stream) else { return };
        let status = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(200);
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 5\r\nconnection: close\r\n\r\nheard");
        // The sender may have gone.
        let _ = stream.write_all(answer.as_bytes());
    }
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// By the library of the specification, as any receiver would.
    pub fn is_proved_by(&self, secret: &str) -> bool {
        Webhook::new(secret).expect("a secret").verify(&self.body, &self.headers).is_ok()
    }

    /// Whether one of its signatures is by this `whpk_` key.
    pub fn is_signed_by(&self, public_key: &str) -> bool {
        let decode = |text: &str| STANDARD.decode(text).expect("base64");
        let key = decode(public_key.strip_prefix("whpk_").expect("the prefix"));
        let key = VerifyingKey::from_bytes(&key.try_into().expect("32 bytes")).expect("a point");
        let head = format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = [head.as_bytes(), &self.body].concat();
        let signatures = self.header("webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1a,"));
        let mut signatures = signatures.map(|one| Signature::from_slice(&decode(one)).expect("64 bytes"));
        signatures.any(|signature| key.verify(&signed, &signature).is_ok())
    }
}

fn read(stream: &mut TcpStream) -> Option<Received> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let headers: HeaderMap = head.lines().skip(1).filter_map(header).collect();
            let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
            if bytes.len() >= end + 4 + length {
                return Some(Received { headers, body: bytes[end + 4..end + 4 + length].to_vec() });
            }
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(": ")?;
    Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?))
}
