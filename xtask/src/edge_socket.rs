//! Sockets through the edge: the handshake is handed on to the emulator's WebSocket API, and then bytes, both ways. Nothing of
//! a handshake is printed: its query may have a token.

use crate::edge::Answer;
use anyhow::{Context, Result};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub const PATH: &str = "/realtime";
/// What the functions speak.
const PROTOCOL: &str = "coffer.v1";

/// Whether a socket is to be opened, and not something read.
pub fn is_handshake(headers: &HeaderMap) -> bool {
    let asked = headers.get_all(UPGRADE).into_iter().filter_map(|value| value.to_str().ok());
    asked.flat_map(|value| value.split(',')).any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// Answers as the emulator does; where that is a switch of protocols, bytes are passed on until either side ends.
pub async fn open(mut request: Request<Incoming>, realtime_url: &str) -> Result<Answer> {
    let target: Uri = realtime_url.parse().context("the address of sockets")?;
    let authority = target.authority().context("the address of sockets has no host")?.clone();
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host().trim_matches(['[', ']']), port)).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move { drop(connection.with_upgrades().await) });

    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut handed_on = Request::new(Empty::<Bytes>::new());
    *handed_on.uri_mut() = format!("{}{query}", target.path()).parse().context("the query")?;
    *handed_on.headers_mut() = request.headers().clone();
    handed_on.headers_mut().insert(HOST, authority.as_str().parse()?);
    let mut answer = sender.send_request(handed_on).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let (parts, body) = answer.into_parts();
        return Ok(Response::from_parts(parts, Full::new(body.collect().await?.to_bytes())));
    }
    let upstream = hyper::upgrade::on(&mut answer);
    let downstream = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let (Ok(up), Ok(down)) = (upstream.await, downstream.await) {
            // Either side may end without a word.
            drop(tokio::io::copy_bidirectional(&mut TokioIo::new(up), &mut TokioIo::new(down)).await);
        }
    });
    let mut switched = Response::new(Full::default());
    *switched.status_mut() = answer.status();
    *switched.headers_mut() = answer.headers().clone();
    choose_protocol(request.headers(), switched.headers_mut());
    Ok(switched)
}

/// The emulator does not hand on which protocol the function chose, and without one browsers give up.
fn choose_protocol(offered: &HeaderMap, answer: &mut HeaderMap) {
    let offers = offered.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
    let is_offered = offers.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == PROTOCOL);
    if is_offered {
        answer.entry(SEC_WEBSOCKET_PROTOCOL).or_insert(HeaderValue::from_static(PROTOCOL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_no_socket_is_no_handshake() {
        for (upgrade, expected) in [("websocket", true), ("h2c, WebSocket", true), ("h2c", false)] {
            let headers = HeaderMap::from_iter([(UPGRADE, HeaderValue::from_static(upgrade))]);
            assert_eq!(is_handshake(&headers), expected, "{upgrade}");
        }
        assert!(!is_handshake(&HeaderMap::new()));
    }

    #[test]
    fn a_protocol_is_chosen_where_it_is_offered() {
        for (offered, expected) in [("coffer.v1, bearer.x", Some(PROTOCOL)), ("bearer.x", None)] {
            let (mut offers, mut answer) = (HeaderMap::new(), HeaderMap::new());
            offers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offered));
            choose_protocol(&offers, &mut answer);
            let chosen = answer.get(SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
            assert_eq!(chosen, expected);
        }
    }
}
