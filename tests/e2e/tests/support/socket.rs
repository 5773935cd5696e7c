//! A client of sockets: an ordinary WebSocket library, through the edge.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::SOON;
use super::app::setting;

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What a client offers so that its token is in no URL.
pub fn protocols_with(token: &str) -> String {
    format!("coffer.v1, bearer.{token}")
}

impl Socket {
    /// As a browser opens one. `Err` is the status of a refusal.
    pub async fn open(token: &str) -> Result<Self, u16> {
        Self::connect("", &[("sec-websocket-protocol", &protocols_with(token))]).await
    }

    /// With a query and headers of its own.
    pub async fn connect(query: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let origin = setting("COFFER_API");
        let url = format!("{}/realtime{query}", origin.trim_end_matches('/').replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no answer to a handshake: {error}"),
        }
    }

    pub async fn say(&mut self, text: &Value) {
        self.say_text(&text.to_string()).await;
    }

    pub async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it can be said");
    }

    /// The next that is said. `None` when the connection ends.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(SOON, self.0.next()).await.expect("something is said soon");
            match next {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    /// So many events, each when it comes first.
    pub async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        while events.len() < count {
            let event = self.next().await.expect("the connection stands");
            assert!(event["id"].is_string(), "no event: {event}");
            if events.iter().all(|known| known["id"] != event["id"]) {
                events.push(event);
            }
        }
        events
    }

    /// Whether nothing is said for a while.
    pub async fn is_silent_for(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.0.next()).await.is_err()
    }
}
