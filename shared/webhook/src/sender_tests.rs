//! Against real sockets: what is tested is how requests go out and how they break.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use domain::time::Timestamp;

use super::*;
use crate::guard::LookingUp;

struct Double {
    port: u16,
    requests: Receiver<String>,
}

impl Double {
    /// Takes one request a connection and answers with the next of these texts; an empty one hangs.
    fn answering(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (seen, requests) = channel();
        thread::spawn(move || {
            let mut hanging = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().expect("a connection");
                let mut request = Vec::new();
                let mut buffer = [0; 4_096];
                while !String::from_utf8_lossy(&request).ends_with("{\"a\":1}") {
                    match stream.read(&mut buffer).expect("readable") {
                        0 => break,
                        count => request.extend_from_slice(&buffer[..count]),
                    }
                }
                // The test may be over; then nobody listens to either.
                let _ = seen.send(String::from_utf8_lossy(&request).into_owned());
                let _ = stream.write_all(answer.as_bytes());
                if answer.is_empty() {
                    hanging.push(stream);
                }
            }
            // Whoever hangs does so until the tests are over.
            thread::park();
        });
        Self { port, requests }
    }

    fn url(&self, host: &str) -> WebhookUrl {
        let text = format!("http://{host}:{}/hooks?x=1", self.port);
        WebhookUrl::parse(&text, Reach::LoopbackToo).expect("a URL")
    }
}

fn http(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn config(reach: Reach) -> SenderConfig {
    SenderConfig { timeout: Duration::from_millis(800), ..SenderConfig::new(reach) }
}

fn sender(reach: Reach) -> HttpSender {
    HttpSender::new(config(reach)).expect("a client")
}

fn message(url: WebhookUrl) -> Message {
    Message {
        url,
        id: "evt_1".to_owned(),
        at: Timestamp::from_ms(784_111_767_000),
        signature: "v1,abc v1a,def".to_owned(),
        traceparent: Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".to_owned()),
        body: "{\"a\":1}".to_owned(),
    }
}

#[tokio::test]
async fn a_request_has_the_headers_of_the_specification_and_the_very_body() {
    let double = Double::answering(vec![http(202, "", "thanks")]);
    let sent = sender(Reach::LoopbackToo).send(&message(double.url("localhost"))).await;
    assert_eq!((sent.outcome, sent.response.as_str()), (Outcome::Answered(202), "thanks"));
    let request = double.requests.recv().expect("a request");
    for line in [
        "POST /hooks?x=1 HTTP/1.1",
        "content-type: application/json",
        "webhook-id: evt_1",
        "webhook-timestamp: 784111767",
        "webhook-signature: v1,abc v1a,def",
        "traceparent: 00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01",
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"));
}

#[tokio::test]
async fn redirects_are_answers_and_retry_after_is_read() {
    let double = Double::answering(vec![
        http(302, "location: http://127.0.0.1:1/\r\n", ""),
        http(503, "retry-after: 120\r\n", ""),
        http(429, "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", &"x".repeat(100_000)),
    ]);
    let sender = sender(Reach::LoopbackToo);
    let to = message(double.url("127.0.0.1"));
    assert_eq!(sender.send(&to).await.outcome, Outcome::Answered(302));
    assert_eq!(sender.send(&to).await.retry_after, Some(Duration::from_secs(120)));
    let last = sender.send(&to).await;
    assert_eq!(last.retry_after, Some(Duration::from_secs(10)));
    assert_eq!(last.response.as_str().len(), ResponseText::LEN_MAX);
}

#[tokio::test]
async fn one_that_hangs_one_that_is_not_there_and_one_that_is_no_http() {
    let hanging = Double::answering(vec![String::new()]);
    let sender = sender(Reach::LoopbackToo);
    assert_eq!(sender.send(&message(hanging.url("localhost"))).await.outcome, Outcome::TimedOut);
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").port();
    let url = WebhookUrl::parse(&format!("http://127.0.0.1:{free}/"), Reach::LoopbackToo).expect("a URL");
    assert_eq!(sender.send(&message(url)).await.outcome, Outcome::Unreachable);
    let rude = Double::answering(vec!["SSH-2.0-x\r\n".to_owned()]);
    assert_eq!(sender.send(&message(rude.url("localhost"))).await.outcome, Outcome::Unreachable);
}

#[tokio::test]
async fn in_public_nothing_stored_for_a_laptop_is_called() {
    let double = Double::answering(vec![http(200, "", "")]);
    for host in ["localhost", "127.0.0.1"] {
        let sent = sender(Reach::Public).send(&message(double.url(host))).await;
        assert_eq!(sent.outcome, Outcome::AddressRefused, "{host}");
    }
    assert!(double.requests.try_recv().is_err(), "nothing was sent");
}

/// A name that leads to these addresses, one list a look-up.
fn leading_to(lists: Vec<Vec<&'static str>>) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let list = &lists[counted.fetch_add(1, Ordering::Relaxed).min(lists.len() - 1)];
        let addresses: Vec<IpAddr> = list.iter().map(|text| text.parse().expect("an address")).collect();
        Box::pin(async move { Ok(addresses) }) as LookingUp
    });
    (lookup, asked)
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_at_connect() {
    let public = WebhookUrl::parse("https://shop.example/hooks", Reach::Public).expect("a URL");
    for inside in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "fd00:ec2::254",
        "fe80::1",
        "0.0.0.0",
        "100.64.0.1",
    ] {
        let (lookup, asked) = leading_to(vec![vec![inside]]);
        let sender = HttpSender::resolving(config(Reach::Public), lookup).expect("a client");
        assert_eq!(sender.send(&message(public.clone())).await.outcome, Outcome::AddressRefused, "{inside}");
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{inside}: the guard's look-up is the only one");
    }
}

/// The listener is on loopback: a sender that may go there finds it behind this name, and one that may not does not.
#[tokio::test]
async fn what_is_checked_is_what_is_connected_to() {
    let double = Double::answering(vec![http(200, "", ""), http(200, "", "")]);
    let url = double.url("localhost");
    let (lookup, _) = leading_to(vec![vec!["127.0.0.1"], vec!["10.0.0.1"], vec!["10.0.0.1", "127.0.0.1"]]);
    let sender = HttpSender::resolving(config(Reach::LoopbackToo), lookup).expect("a client");
    assert_eq!(sender.send(&message(url.clone())).await.outcome, Outcome::Answered(200));
    assert_eq!(sender.send(&message(url.clone())).await.outcome, Outcome::AddressRefused, "rebound");
    assert_eq!(sender.send(&message(url)).await.outcome, Outcome::Answered(200), "the private one is left out");
}
