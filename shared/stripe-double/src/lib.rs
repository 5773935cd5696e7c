//! For tests: a Stripe made after its public API reference. It speaks forms and JSON, keeps each idempotency key with its
//! first answer, and has intents, refunds and disputes. Its cards are the sandbox's tokens, its keys are
//! `sk_<mode>_<account>_<number>`. It proves that the adapter fits the reference, not that the reference is the service.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// What a capture has to come to, in minor units: Stripe's least charge in euros and dollars.
const CAPTURE_MIN: i64 = 50;

/// How long the answer about `tok_timeout` takes: longer than the client waits.
pub const DAWDLES: Duration = Duration::from_millis(900);

pub struct Stripe {
    pub base_url: String,
    address: SocketAddr,
    books: Arc<Mutex<Books>>,
    /// How it is told to stop, and what stops then.
    serving: Mutex<Option<(Arc<AtomicBool>, JoinHandle<()>)>>,
}

#[derive(Default)]
pub struct Books {
    pub intents: BTreeMap<String, Value>,
    pub refunds: Vec<Value>,
    pub disputes: BTreeMap<String, Value>,
    /// By idempotency key: what was asked, and what was answered to it.
    answers: BTreeMap<String, (String, u16, Value)>,
    flaky_failures: u32,
    /// Every request as it came in.
    pub requests: Vec<String>,
    pub search_is_behind: bool,
    /// Charges are made and then answered with a 500, which is saved.
    pub breaks_after_charging: bool,
    /// API keys that it takes no more.
    pub revoked: BTreeSet<String>,
    /// What refunds begin as, instead of having succeeded.
    pub refunds_are: Option<&'static str>,
}

struct Request {
    method: String,
    path: Vec<String>,
    query: BTreeMap<String, String>,
    form: BTreeMap<String, String>,
    key: Option<String>,
    api_key: Option<String>,
    /// The account that it is of.
    account: Option<String>,
    /// What an idempotency key is bound to.
    asked: String,
}

type Reply = (u16, Value);

impl Stripe {
    pub fn serve() -> Self {
        Self::at("127.0.0.1:0")
    }

    pub fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stripe =
            Self { base_url: format!("http://{address}"), books: Arc::default(), address, serving: Mutex::default() };
        stripe.serve_on(listener);
        stripe
    }

    /// From here on nobody gets a connection.
    pub fn close(&self) {
        let serving = self.serving.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((is_over, thread)) = serving else { return };
        is_over.store(true, Ordering::SeqCst);
        // What waits for connections has to see it.
        drop(TcpStream::connect(self.address));
        thread.join().expect("it serves until it is told to stop");
    }

    /// At the same address, with the same books.
    pub fn open_again(&self) {
        self.serve_on(TcpListener::bind(self.address).expect("the port is free again"));
    }

    fn serve_on(&self, listener: TcpListener) {
        let is_over = Arc::<AtomicBool>::default();
        let (books, until) = (self.books.clone(), is_over.clone());
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if until.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, books) = (stream.expect("a connection"), books.clone());
                thread::spawn(move || answer(stream, &books));
            }
        });
        *self.serving.lock().unwrap_or_else(PoisonError::into_inner) = Some((is_over, thread));
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(mut stream: TcpStream, books: &Mutex<Books>) {
    let text = read_request(&mut stream);
    let request = parse(&text);
    let (status, body) = {
        let mut books = books.lock().unwrap_or_else(PoisonError::into_inner);
        books.requests.push(text);
        books.answer(&request)
    };
    if request.form.get("payment_method").is_some_and(|token| token == "tok_timeout") {
        thread::sleep(DAWDLES);
    }
    // The client may have gone, which is what `tok_timeout` is about.
    let _ = stream.write_all(http(status, &body.to_string()).as_bytes());
}

fn parse(text: &str) -> Request {
    let pairs = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let mut line = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let lines: Vec<&str> = lines.collect();
    let header = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let api_key = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let named = api_key.and_then(|key| key.strip_prefix("sk_")?.split_once('_'));
    let account = named.and_then(|(_mode, key)| key.split_once('_')).map(|(account, _)| format!("acct_{account}"));
    Request {
        method: method.to_owned(),
        path: path.trim_start_matches("/v1/").split('/').map(str::to_owned).collect(),
        query: pairs(query),
        form: pairs(body),
        key: header("idempotency-key").map(str::to_owned),
        api_key: api_key.map(str::to_owned),
        account,
        asked: format!("{path} {body}"),
    }
}

fn error(status: u16, error: Value) -> Reply {
    (status, json!({ "error": error }))
}

fn invalid(code: &str, param: Option<&str>) -> Reply {
    error(400, json!({ "type": "invalid_request_error", "code": code, "param": param }))
}

fn page(data: Vec<&Value>, has_more: bool) -> Reply {
    (200, json!({ "object": "list", "data": data, "has_more": has_more }))
}

impl Books {
    fn answer(&mut self, request: &Request) -> Reply {
        let is_revoked = request.api_key.as_ref().is_some_and(|key| self.revoked.contains(key));
        let Some(account) = request.account.as_ref().filter(|_| !is_revoked) else {
            return error(401, json!({ "type": "invalid_request_error" }));
        };
        if request.path == ["account"] {
            return (200, json!({ "id": account, "object": "account" }));
        }
        if request.method == "GET" {
            return self.look_up(request);
        }
        let Some(key) = &request.key else { return invalid("idempotency_key_required", None) };
        if let Some((asked, status, body)) = self.answers.get(key) {
            let is_same = *asked == request.asked;
            return if is_same { (*status, body.clone()) } else { error(400, json!({ "type": "idempotency_error" })) };
        }
        let (status, body) = self.change(request);
        // Saved once the endpoint has begun to work, whatever comes of it.
        if !matches!(status, 400 | 429) {
            self.answers.insert(key.clone(), (request.asked.clone(), status, body.clone()));
        }
        (status, body)
    }

    fn look_up(&self, request: &Request) -> Reply {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        match path[..] {
            ["payment_intents", "search"] => {
                let query = request.query.get("query").map(String::as_str).unwrap_or_default();
                let key = query.strip_prefix("metadata['key']:'").and_then(|rest| rest.strip_suffix('\''));
                let has_key = |intent: &&Value| intent["metadata"]["key"].as_str() == key;
                let found = self.intents.values().filter(has_key).filter(|_| !self.search_is_behind);
                page(found.collect(), false)
            }
            ["payment_intents", id] => found(self.intents.get(id)),
            ["disputes", id] => found(self.disputes.get(id)),
            ["disputes"] => {
                let is_of = |dispute: &&Value| dispute["payment_intent"].as_str() == of_intent(request);
                page(self.disputes.values().filter(is_of).collect(), false)
            }
            ["refunds"] => self.list_refunds(request),
            _ => error(404, json!({ "type": "invalid_request_error" })),
        }
    }

    /// Newest first.
    fn list_refunds(&self, request: &Request) -> Reply {
        if !of_intent(request).is_some_and(|id| self.intents.contains_key(id)) {
            return invalid("resource_missing", Some("payment_intent"));
        }
        let limit = request.query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(10);
        let all = self.refunds.iter().rev().filter(|refund| refund["payment_intent"].as_str() == of_intent(request));
        let after = request.query.get("starting_after");
        let rest: Vec<&Value> = match after {
            Some(id) => all.skip_while(|refund| refund["id"].as_str() != Some(id)).skip(1).collect(),
            None => all.collect(),
        };
        let has_more = rest.len() > limit;
        page(rest.into_iter().take(limit).collect(), has_more)
    }

    fn change(&mut self, request: &Request) -> Reply {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        match path[..] {
            ["payment_intents"] => self.charge(request),
            ["payment_intents", id, "capture"] => {
                let captured = request.form.get("amount_to_capture").and_then(|text| text.parse::<i64>().ok());
                let is_held = self.intents.get(id).is_some_and(|intent| intent["status"] == "requires_capture");
                if is_held && captured.is_some_and(|amount| amount < CAPTURE_MIN) {
                    return invalid("amount_too_small", Some("amount_to_capture"));
                }
                self.step(id, &["requires_capture"], "succeeded", captured)
            }
            ["payment_intents", id, "cancel"] => {
                let from = ["requires_action", "requires_capture", "requires_confirmation", "requires_payment_method"];
                self.step(id, &from, "canceled", None)
            }
            ["refunds"] => self.refund(request),
            ["disputes", id] => self.respond(id, request),
            _ => error(404, json!({ "type": "invalid_request_error" })),
        }
    }

    fn charge(&mut self, request: &Request) -> Reply {
        let field = |name: &str| request.form.get(name).map(String::as_str).unwrap_or_default();
        let token = field("payment_method");
        if token == "tok_flaky" && self.flaky_failures < 2 {
            self.flaky_failures += 1;
            return error(429, json!({ "type": "invalid_request_error", "code": "rate_limit" }));
        }
        let by_hand = field("capture_method") == "manual";
        let (status, decline) = match token {
            "tok_requires_action" => ("requires_action", None),
            "tok_declined_insufficient_funds" => ("requires_payment_method", Some("insufficient_funds")),
            "tok_declined_do_not_honor" => ("requires_payment_method", Some("do_not_honor")),
            "tok_declined_expired_card" => ("requires_payment_method", Some("expired_card")),
            "tok_success" | "tok_dispute" | "tok_timeout" | "tok_flaky" if by_hand => ("requires_capture", None),
            "tok_success" | "tok_dispute" | "tok_timeout" | "tok_flaky" => ("succeeded", None),
            _ => return invalid("resource_missing", Some("payment_method")),
        };
        let id = format!("pi_{}", self.intents.len() + 1);
        let amount: i64 = field("amount").parse().expect("an amount");
        let failure =
            decline.map(|code| json!({ "type": "card_error", "code": "card_declined", "decline_code": code }));
        let metadata: BTreeMap<&str, &str> =
            request.form.iter().filter_map(|(name, value)| metadata(name, value)).collect();
        let intent = json!({
            "id": id, "object": "payment_intent", "status": status, "amount": amount, "currency": field("currency"),
            "amount_received": if status == "succeeded" { amount } else { 0 },
            "last_payment_error": failure, "metadata": metadata,
        });
        self.intents.insert(id.clone(), intent.clone());
        if token == "tok_dispute" {
            let dispute = format!("dp_{id}");
            self.disputes.insert(
                dispute.clone(),
                json!({
                    "id": dispute, "object": "dispute", "payment_intent": id, "amount": amount, "metadata": {},
                    "currency": field("currency"), "reason": "fraudulent", "status": "needs_response",
                    "evidence_details": { "due_by": 1_700_000_000 },
                }),
            );
        }
        if self.breaks_after_charging {
            return error(500, json!({ "type": "api_error" }));
        }
        match failure {
            Some(mut failure) => {
                failure["payment_intent"] = intent;
                error(402, failure)
            }
            None => (200, intent),
        }
    }

    fn step(&mut self, id: &str, from: &[&str], to: &str, captured: Option<i64>) -> Reply {
        let Some(intent) = self.intents.get_mut(id) else { return invalid("resource_missing", Some("intent")) };
        if !from.contains(&intent["status"].as_str().unwrap_or_default()) {
            let code = "payment_intent_unexpected_state";
            return error(400, json!({ "type": "invalid_request_error", "code": code, "payment_intent": intent }));
        }
        intent["status"] = to.into();
        intent["amount_received"] = captured.unwrap_or(0).into();
        (200, intent.clone())
    }

    fn refund(&mut self, request: &Request) -> Reply {
        let id = request.form.get("payment_intent").map(String::as_str).unwrap_or_default();
        let Some(intent) = self.intents.get(id) else { return invalid("resource_missing", Some("payment_intent")) };
        let is_counted = |refund: &&Value| refund["payment_intent"] == id && refund["status"] != "failed";
        let gone: i64 = self.refunds.iter().filter(is_counted).filter_map(|refund| refund["amount"].as_i64()).sum();
        let left = intent["amount_received"].as_i64().unwrap_or(0) - gone;
        let amount = request.form.get("amount").and_then(|text| text.parse::<i64>().ok()).unwrap_or(left);
        if left == 0 {
            return invalid("charge_already_refunded", None);
        }
        if amount > left {
            return error(400, json!({ "type": "invalid_request_error", "param": "amount" }));
        }
        let refund = json!({
            "id": format!("re_{}", self.refunds.len() + 1), "object": "refund", "payment_intent": id, "amount": amount,
            "status": self.refunds_are.unwrap_or("succeeded"), "metadata": { "key": request.form.get("metadata[key]") },
        });
        self.refunds.push(refund.clone());
        (200, refund)
    }

    fn respond(&mut self, id: &str, request: &Request) -> Reply {
        let evidence = request.form.get("evidence[uncategorized_text]").map(String::as_str);
        let is_complete = evidence.is_some() && request.form.get("submit").is_some_and(|submit| submit == "true");
        let Some(dispute) = self.disputes.get_mut(id) else { return invalid("resource_missing", Some("dispute")) };
        if !is_complete || dispute["status"] != "needs_response" {
            return invalid("dispute_not_open", None);
        }
        if evidence == Some("refused_evidence") {
            return invalid("parameter_invalid_string", Some("evidence[uncategorized_text]"));
        }
        // As Stripe's test mode decides (<https://docs.stripe.com/testing#disputes>).
        let decision = match evidence {
            Some("winning_evidence") => "won",
            Some("losing_evidence") => "lost",
            _ => "under_review",
        };
        dispute["status"] = decision.into();
        (200, dispute.clone())
    }
}

fn of_intent(request: &Request) -> Option<&str> {
    request.query.get("payment_intent").map(String::as_str)
}

fn found(object: Option<&Value>) -> Reply {
    match object {
        Some(object) => (200, object.clone()),
        None => error(404, json!({ "type": "invalid_request_error", "code": "resource_missing", "param": "id" })),
    }
}

fn metadata<'a>(name: &'a str, value: &'a str) -> Option<(&'a str, &'a str)> {
    Some((name.strip_prefix("metadata[")?.strip_suffix(']')?, value))
}

/// An answer as it goes over the wire, after which the connection is closed.
pub fn http(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

/// One request as it came in: its head, and as much body as that tells of.
pub fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().expect("a number"));
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer).expect("readable") {
            0 => return text,
            count => request.extend_from_slice(&buffer[..count]),
        }
    }
}
