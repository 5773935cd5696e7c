//! The few AWS calls that tests make themselves, signed (SigV4) with the account's own key, and no SDK.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac_sha256::{HMAC, Hash};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::provider::Provider;

pub struct Aws {
    client: Client,
    endpoint: String,
    stack: String,
}

struct Request<'a> {
    service: &'a str,
    method: Method,
    /// Nothing in it needs percent-encoding.
    path: &'a str,
    /// Names in lower case.
    headers: Vec<(&'a str, String)>,
    body: String,
}

/// A message of a queue, as received.
#[derive(Debug)]
pub struct Message {
    pub body: String,
    /// The message attribute of dead letters.
    pub reason: Option<String>,
    receipt: String,
}

impl Aws {
    pub fn new(endpoint: String, stack: String) -> Self {
        let client = Client::builder().tls_certs_only([]).no_proxy().build().expect("an HTTP client");
        Self { client, endpoint, stack }
    }

    /// A function's environment variables: the stack's own account of where its parts are.
    pub async fn environment(&self, function: &str) -> Value {
        let path = format!("/2015-03-31/functions/{}-{function}/configuration", self.stack);
        let request =
            Request { service: "lambda", method: Method::GET, path: &path, headers: vec![], body: String::new() };
        self.send(request).await["Environment"]["Variables"].take()
    }

    /// Runs the sweeper now instead of within a minute.
    pub async fn sweep(&self) {
        let answer = self.invoke("payments-sweep", "{}".into()).await;
        assert!(answer.get("errorMessage").is_none(), "the sweep failed: {answer}");
    }

    /// Calls a function with an event of its own kind, past its trigger.
    pub async fn invoke(&self, function: &str, event: String) -> Value {
        let path = format!("/2015-03-31/functions/{}-{function}/invocations", self.stack);
        self.send(Request { service: "lambda", method: Method::POST, path: &path, headers: vec![], body: event }).await
    }

    /// The sandbox provider as the payments worker reaches it.
    pub async fn provider(&self) -> Provider {
        let environment = self.environment("payments-process").await;
        Provider::new(
            self.client.clone(),
            variable(&environment, "PROVIDER_URL"),
            variable(&environment, "PROVIDER_API_KEY"),
        )
    }

    /// The addresses of the payments queue and of its dead letters.
    pub async fn payments_queues(&self) -> (String, String) {
        let environment = self.environment("payments-process").await;
        (variable(&environment, "QUEUE_URL"), variable(&environment, "DEAD_LETTERS_URL"))
    }

    /// The new message's id.
    pub async fn send_message(&self, queue: &str, body: &str) -> String {
        let answer = self.sqs("SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
        answer["MessageId"].as_str().unwrap_or_else(|| panic!("no id: {answer}")).to_owned()
    }

    /// Up to ten messages, hidden from others for a second.
    pub async fn receive(&self, queue: &str) -> Vec<Message> {
        let request = json!({
            "QueueUrl": queue,
            "MaxNumberOfMessages": 10,
            "VisibilityTimeout": 1,
            "MessageAttributeNames": ["All"],
        });
        let answer = self.sqs("ReceiveMessage", request).await;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let message = |message: &Value| Message {
            body: text(&message["Body"]).unwrap_or_default(),
            reason: text(&message["MessageAttributes"]["reason"]["StringValue"]),
            receipt: text(&message["ReceiptHandle"]).unwrap_or_default(),
        };
        answer["Messages"].as_array().map(|messages| messages.iter().map(message).collect()).unwrap_or_default()
    }

    pub async fn delete(&self, queue: &str, message: &Message) {
        self.sqs("DeleteMessage", json!({ "QueueUrl": queue, "ReceiptHandle": message.receipt })).await;
    }

    async fn sqs(&self, action: &str, body: Value) -> Value {
        self.target("sqs", "application/x-amz-json-1.0", &format!("AmazonSQS.{action}"), body).await
    }

    /// An ES256 signature by the key that access tokens are signed with, in ASN.1 as KMS gives it.
    pub async fn sign(&self, message: &str) -> Vec<u8> {
        let key = variable(&self.environment("tokens-authorize").await, "TOKEN_KEY");
        let body = json!({
            "KeyId": key,
            "Message": STANDARD.encode(message),
            "MessageType": "RAW",
            "SigningAlgorithm": "ECDSA_SHA_256",
        });
        let answer = self.target("kms", "application/x-amz-json-1.1", "TrentService.Sign", body).await;
        let signature = answer["Signature"].as_str().and_then(|text| STANDARD.decode(text).ok());
        signature.unwrap_or_else(|| panic!("no signature: {answer}"))
    }

    /// Everything a function has logged since a moment, in milliseconds since the epoch.
    pub async fn logs(&self, function: &str, since_ms: i64) -> Vec<String> {
        let mut lines = Vec::new();
        let mut next = Value::Null;
        loop {
            let mut body =
                json!({ "logGroupName": format!("/aws/lambda/{}-{function}", self.stack), "startTime": since_ms });
            if next.is_string() {
                body["nextToken"] = next;
            }
            let mut page =
                self.target("logs", "application/x-amz-json-1.1", "Logs_20140328.FilterLogEvents", body).await;
            let events = page["events"].as_array().cloned().unwrap_or_default();
            lines.extend(events.iter().filter_map(|event| event["message"].as_str().map(str::to_owned)));
            next = page["nextToken"].take();
            if next.is_null() {
                return lines;
            }
        }
    }

    async fn target(&self, service: &str, content_type: &str, target: &str, body: Value) -> Value {
        let headers = vec![("content-type", content_type.to_owned()), ("x-amz-target", target.to_owned())];
        self.send(Request { service, method: Method::POST, path: "/", headers, body: body.to_string() }).await
    }

    /// What an unsigned call of SQS comes to.
    pub async fn status_of_unsigned_call(&self) -> u16 {
        let request =
            self.client.post(format!("{}/", self.endpoint)).header("content-type", "application/x-amz-json-1.0");
        let request = request.header("x-amz-target", "AmazonSQS.ListQueues").body("{}");
        request.send().await.expect("an answer of the endpoint").status().as_u16()
    }

    async fn send(&self, request: Request<'_>) -> Value {
        let what = format!("{} {} {:?}", request.service, request.path, request.headers);
        let url = format!("{}{}", self.endpoint, request.path);
        let mut call = self.client.request(request.method.clone(), url);
        for (name, value) in self.signed(&request) {
            call = call.header(name, value);
        }
        let answer = call.body(request.body).send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{what} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
    fn signed<'a>(&self, request: &Request<'a>) -> Vec<(&'a str, String)> {
        let Request { service, method, path, headers, body } = request;
        let [key, secret, region] = [("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("REGION", "us-east-1")]
            .map(|(name, default)| std::env::var(format!("AWS_{name}")).unwrap_or_else(|_| default.to_owned()));
        let date_time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = &date_time[..8];
        let host = self.endpoint.split_once("://").map_or("", |(_, host)| host);
        let mut headers = headers.clone();
        headers.extend([
            ("host", host.to_owned()),
            ("x-amz-content-sha256", hex(&Hash::hash(body.as_bytes()))),
            ("x-amz-date", date_time.clone()),
        ]);
        headers.sort();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let listed: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("{method}\n{path}\n\n{listed}\n{names}\n{}", hex(&Hash::hash(body.as_bytes())));
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", hex(&Hash::hash(canonical.as_bytes())));
        let parts = [date, &region, service, "aws4_request", &to_sign];
        let signature =
            parts.iter().fold(format!("AWS4{secret}").into_bytes(), |key, part| HMAC::mac(part, key).to_vec());
        let signature = hex(&signature);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}");
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", authorization));
        headers
    }
}

fn variable(environment: &Value, name: &str) -> String {
    environment[name].as_str().unwrap_or_else(|| panic!("no {name} in {environment}")).to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
