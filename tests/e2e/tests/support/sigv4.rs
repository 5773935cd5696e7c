//! AWS requests signed with the account's own key (Signature Version 4).
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use hmac_sha256::{HMAC, Hash};
use reqwest::{Client, Method};
use serde_json::Value;

pub struct Request<'a> {
    pub service: &'a str,
    pub method: Method,
    /// Nothing in it needs percent-encoding.
    pub path: &'a str,
    /// Names in lower case.
    pub headers: Vec<(&'a str, String)>,
    pub body: String,
}

/// Whose key, and where: the names and defaults are the ones the emulator is happy with.
fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

impl<'a> Request<'a> {
    /// The answer as JSON; fails on any answer but a success.
    pub async fn send(self, client: &Client, endpoint: &str) -> Value {
        let what = format!("{} {} {:?}", self.service, self.path, self.headers);
        let mut call = client.request(self.method.clone(), format!("{endpoint}{}", self.path));
        for (name, value) in self.signed_headers(endpoint) {
            call = call.header(name, value);
        }
        let answer = call.body(self.body).send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{what} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn signed_headers(&self, endpoint: &str) -> Vec<(&'a str, String)> {
        let Self { service, method, path, headers, body } = self;
        let key = setting("AWS_ACCESS_KEY_ID", "test");
        let region = setting("AWS_REGION", "us-east-1");
        let date_time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let host = endpoint.split_once("://").map_or("", |(_, host)| host);
        let digest = hex(&Hash::hash(body.as_bytes()));
        let mut headers = headers.clone();
        headers.extend([
            ("host", host.to_owned()),
            ("x-amz-content-sha256", digest.clone()),
            ("x-amz-date", date_time.clone()),
        ]);
        headers.sort();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let listed: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("{method}\n{path}\n\n{listed}\n{names}\n{digest}");
        let scope = format!("{}/{region}/{service}/aws4_request", &date_time[..8]);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", hex(&Hash::hash(canonical.as_bytes())));
        let secret = format!("AWS4{}", setting("AWS_SECRET_ACCESS_KEY", "test")).into_bytes();
        let parts = scope.split('/').chain([to_sign.as_str()]);
        let signature = hex(&parts.fold(secret, |key, part| HMAC::mac(part, key).to_vec()));
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}");
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", authorization));
        headers
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
