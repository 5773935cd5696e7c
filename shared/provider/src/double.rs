//! For tests: a provider of one connection after another, on a real socket, because what is tested is how calls break. It
//! takes one request a connection, remembers it as text, and does what it was told.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use stripe_double::{http, read_request};

pub enum Act {
    Answer(u16, &'static str),
    /// Takes the request and hangs up.
    HangUp,
    /// Takes the request and hangs up in the middle of a good answer.
    HangUpMidway,
    /// Answers too late.
    Dawdle(Duration),
    /// Answers with a body of so many bytes.
    Flood(usize),
}

pub struct Double {
    pub base_url: String,
    requests: Receiver<String>,
}

impl Double {
    pub fn doing(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base_url = format!("http://{}/stage/", listener.local_addr().expect("bound"));
        let (seen, requests) = channel();
        thread::spawn(move || {
            for act in acts {
                let (mut stream, _) = listener.accept().expect("a connection");
                let request = read_request(&mut stream);
                // The test may be over; then nobody listens to either.
                let _ = seen.send(request);
                perform(act, &mut stream);
            }
        });
        Self { base_url, requests }
    }

    /// The next request as it came in.
    pub fn request(&self) -> String {
        self.requests.recv_timeout(Duration::from_secs(5)).expect("a request")
    }
}

fn perform(act: Act, stream: &mut TcpStream) {
    let good = r#"{"id":"ch_1","amount_captured":1250,"status":"succeeded"}"#;
    let answer = match act {
        Act::Answer(status @ 300..400, body) => {
            http(status, body).replacen("\r\n", "\r\nlocation: http://127.0.0.1:1/\r\n", 1)
        }
        Act::Answer(status, body) => http(status, body),
        Act::HangUp => String::new(),
        Act::HangUpMidway => http(200, good).trim_end_matches("succeeded\"}").to_owned(),
        Act::Dawdle(time) => {
            thread::sleep(time);
            http(200, good)
        }
        Act::Flood(len) => http(200, &" ".repeat(len)),
    };
    // The client may have gone, which is what some tests are about.
    let _ = stream.write_all(answer.as_bytes());
}
