//! Files: announced at the API, sent to and got from where their links lead.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Response;
use serde_json::{Value, json};

use super::{Answer, Party, id};

/// What announces these bytes.
pub fn file_of(name: &str, content_type: &str, bytes: &[u8]) -> Value {
    let digest = BASE64.encode(hmac_sha256::Hash::hash(bytes));
    json!({ "name": name, "content_type": content_type, "size": bytes.len(), "checksum_sha256": digest })
}

impl Party {
    /// A file that is announced, not uploaded.
    pub async fn announce(&self, name: &str, content_type: &str, bytes: &[u8]) -> Value {
        self.post("/files").json(&file_of(name, content_type, bytes)).await.ok(201)
    }

    /// A file that can be downloaded.
    pub async fn ready_file(&self, name: &str, content_type: &str, bytes: &[u8]) -> Value {
        let made = self.announce(name, content_type, bytes).await;
        assert_eq!(upload(&made, bytes).await, 200, "the store takes what was announced");
        self.in_status("ready", format!("/files/{}", id(&made))).await
    }

    pub async fn file(&self, file: &Value) -> Answer {
        self.get(format!("/files/{}", id(file))).await
    }
}

/// Sends bytes by the link that an announcement was answered with; the status that came back.
pub async fn upload(made: &Value, bytes: &[u8]) -> u16 {
    let upload = &made["upload"];
    let method = upload["method"].as_str().expect("a method").parse().expect("a method");
    let request = reqwest::Client::new().request(method, upload["url"].as_str().expect("a URL"));
    let headers = upload["headers"].as_object().expect("headers").iter();
    // The client sends the length of what it sends.
    let headers = headers.filter(|(name, _)| *name != "content-length");
    let request = headers.fold(request, |request, (name, value)| request.header(name, value.as_str().unwrap_or("")));
    request.body(bytes.to_vec()).send().await.expect("the store answers").status().as_u16()
}

/// Gets what a link of an answer leads to.
pub async fn download(url: &Value) -> Response {
    reqwest::get(url.as_str().expect("a URL")).await.expect("the store answers")
}
