//! The sandbox payment provider as an outsider sees it: what it has charged, and its customer's word.

use reqwest::{Client, Method};
use serde_json::Value;

pub struct Provider {
    client: Client,
    url: String,
    api_key: String,
}

impl Provider {
    pub(super) fn new(client: Client, url: String, api_key: String) -> Self {
        Self { client, url, api_key }
    }

    /// The charge of a payment's try; none where the provider was never asked for it.
    pub async fn charge(&self, payment: &Value, attempt: u32) -> Option<Value> {
        self.of_key(Method::GET, "charges", payment, attempt).await["data"].as_array()?.first().cloned()
    }

    /// The customer confirms the payment.
    pub async fn authenticate(&self, payment: &Value) -> Value {
        self.of_key(Method::POST, "charges/authenticate", payment, 1).await
    }

    /// Fails unless the payment was charged under its first key and no other.
    pub async fn charged_once(&self, payment: &Value) {
        let charge = self.charge(payment, 1).await.unwrap_or_else(|| panic!("no charge of {payment}"));
        assert_eq!((&charge["status"], &charge["amount"]), (&"succeeded".into(), &payment["amount"]), "{charge}");
        assert_eq!(self.charge(payment, 2).await, None, "a second charge of {payment}");
    }

    async fn of_key(&self, method: Method, path: &str, payment: &Value, attempt: u32) -> Value {
        let id = payment["id"].as_str().expect("a payment's id");
        let url = format!("{}/v1/{path}?idempotency_key={id}-{attempt}", self.url);
        let answer = self.client.request(method, &url).bearer_auth(&self.api_key).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("the provider does not answer: {error:?}"));
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{url} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text}"))
    }
}
