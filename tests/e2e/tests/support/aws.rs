//! The few AWS calls that tests make themselves, without an SDK.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::provider::Provider;
use super::sigv4::Request;

pub struct Aws {
    client: Client,
    endpoint: String,
    stack: String,
}

impl Aws {
    pub fn new(endpoint: String, stack: String) -> Self {
        let client = Client::builder().tls_certs_only([]).no_proxy().build().expect("an HTTP client");
        Self { client, endpoint, stack }
    }

    /// A function's environment variables: the stack's own account of where its parts are.
    pub async fn environment(&self, function: &str) -> Value {
        let path = format!("/2015-03-31/functions/{}-{function}/configuration", self.stack);
        self.lambda(Method::GET, &path, String::new()).await["Environment"]["Variables"].take()
    }

    /// Runs the sweeper now instead of within a minute. One that failed leaves its work to the next.
    pub async fn sweep(&self) -> Result<(), String> {
        let answer = self.invoke("payments-sweep", "{}".into()).await;
        if answer.get("errorMessage").is_none() { Ok(()) } else { Err(format!("the sweep failed: {answer}")) }
    }

    /// The same, of the platform's sweeper.
    pub async fn sweep_platform(&self) -> Result<(), String> {
        let answer = self.invoke("platform-sweep", "{}".into()).await;
        if answer.get("errorMessage").is_none() { Ok(()) } else { Err(format!("the sweep failed: {answer}")) }
    }

    /// As if it were later: a schedule's next occurrence was hours ago, and the sweeper has not looked since. Then it does.
    pub async fn occur(&self, tenant: &str, schedule: &str, hours_ago: i64) {
        let table = variable(&self.environment("platform-sweep").await, "PLATFORM_TABLE");
        let key = json!({ "pk": { "S": format!("{tenant}#SCH") }, "sk": { "S": schedule } });
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let past = i64::try_from(now).expect("before 2262") - hours_ago * 3_600_000;
        let update = json!({
            "TableName": table,
            "Key": key,
            "UpdateExpression": "SET next_at_ms = :past, done_up_to_ms = :past, gsi3sk = :due",
            "ExpressionAttributeValues": {
                ":past": { "N": past.to_string() },
                ":due": { "S": format!("{past:020}#{schedule}") },
            },
        });
        self.target("dynamodb", "application/x-amz-json-1.0", "DynamoDB_20120810.UpdateItem", update).await;
        self.sweep_platform().await.expect("a sweep");
    }

    /// Calls a function with an event of its own kind, past its trigger.
    pub async fn invoke(&self, function: &str, event: String) -> Value {
        let path = format!("/2015-03-31/functions/{}-{function}/invocations", self.stack);
        self.lambda(Method::POST, &path, event).await
    }

    /// Does something while a function's triggers are off: what comes for it meanwhile waits, and is worked on afterwards.
    pub async fn while_paused<T>(&self, function: &str, work: impl Future<Output = T>) -> T {
        self.switch_triggers(function, false).await;
        // What the poller had in its hands.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let result = AssertUnwindSafe(work).catch_unwind().await;
        self.switch_triggers(function, true).await;
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    async fn switch_triggers(&self, function: &str, is_on: bool) {
        const PATH: &str = "/2015-03-31/event-source-mappings";
        let all = self.lambda(Method::GET, &format!("{PATH}/"), String::new()).await;
        let name = format!(":{}-{function}", self.stack);
        let is_its = |mapping: &&Value| mapping["FunctionArn"].as_str().is_some_and(|arn| arn.ends_with(&name));
        let its: Vec<&Value> = all["EventSourceMappings"].as_array().expect("mappings").iter().filter(is_its).collect();
        assert!(!its.is_empty(), "{function} has no triggers: {all}");
        for mapping in its {
            let path = format!("{PATH}/{}", mapping["UUID"].as_str().expect("an id"));
            self.lambda(Method::PUT, &path, json!({ "Enabled": is_on }).to_string()).await;
        }
    }

    async fn lambda(&self, method: Method, path: &str, body: String) -> Value {
        self.send(Request { service: "lambda", method, path, headers: vec![], body }).await
    }

    /// What a link gives.
    pub async fn download(&self, link: &str) -> Vec<u8> {
        let answer = self.client.get(link).send().await.expect("the store answers");
        assert_eq!(answer.status(), 200, "{link}");
        answer.bytes().await.expect("a body").to_vec()
    }

    /// The mails that the emulator has taken whose text names something.
    pub async fn mails_naming(&self, id: &str) -> Vec<Value> {
        let url = format!("{}/_ministack/ses/messages", self.endpoint);
        let answer = self.client.get(url).send().await.expect("the emulator answers");
        let answer: Value = answer.json().await.expect("JSON");
        let accounts = answer["messages"].as_object().cloned().unwrap_or_default();
        let mails = accounts.into_iter().flat_map(|(_, mails)| mails.as_array().cloned().unwrap_or_default());
        mails.filter(|mail| mail["BodyText"].as_str().is_some_and(|text| text.contains(id))).collect()
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

    /// What the sandbox provider signs its events with.
    pub async fn provider_secret(&self) -> String {
        variable(&self.environment("providers-ingest").await, "SANDBOX_API_KEY")
    }

    /// The addresses of the payments queue and of its dead letters.
    pub async fn payments_queues(&self) -> (String, String) {
        let environment = self.environment("payments-process").await;
        (variable(&environment, "QUEUE_URL"), variable(&environment, "DEAD_LETTERS_URL"))
    }

    pub async fn send_message(&self, queue: &str, body: &str) {
        let answer = self.sqs("SendMessage", json!({ "QueueUrl": queue, "MessageBody": body })).await;
        assert!(answer["MessageId"].is_string(), "no id: {answer}");
    }

    /// The bodies of up to ten messages, hidden from others for a second.
    pub async fn receive(&self, queue: &str) -> Vec<String> {
        let request = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1 });
        let answer = self.sqs("ReceiveMessage", request).await;
        let body = |message: &Value| message["Body"].as_str().unwrap_or_default().to_owned();
        answer["Messages"].as_array().map(|messages| messages.iter().map(body).collect()).unwrap_or_default()
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
        request.send(&self.client, &self.endpoint).await
    }
}

fn variable(environment: &Value, name: &str) -> String {
    environment[name].as_str().unwrap_or_else(|| panic!("no {name} in {environment}")).to_owned()
}
