//! AWS Signature Version 4, so that no SDK is compiled into the tasks.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use crate::account::Account;
use crate::http::{self, Answer};
use crate::python::hex;
use anyhow::{Context, Result, ensure};
use hmac::{Hmac, KeyInit, Mac};
use hyper::Method;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub struct Call<'a> {
    pub service: &'a str,
    pub method: Method,
    /// Nothing in it needs percent-encoding.
    pub path: &'a str,
    /// Encoded, sorted by name: `Marker=a&MaxItems=50`.
    pub query: &'a str,
    /// Names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: String,
}

impl Call<'_> {
    /// To the emulator there. Fails on any answer but a success.
    pub fn send(&self, endpoint: &str) -> Result<Answer> {
        self.send_as(&Account::emulator(endpoint))
    }

    /// Fails on any answer but a success.
    pub fn send_as(&self, account: &Account) -> Result<Answer> {
        let endpoint = account.endpoint(self.service);
        let (_, host) = endpoint.split_once("://").context("the endpoint is no address")?;
        let headers = self.signed(account, host)?;
        let mark = if self.query.is_empty() { "" } else { "?" };
        let url = format!("{endpoint}{}{mark}{}", self.path, self.query);
        let answer = http::send(self.method.clone(), &url, &headers, self.body.clone().into())?;
        ensure!((200..300).contains(&answer.status), "{} answered {}: {}", self.service, answer.status, answer.text());
        Ok(answer)
    }

    /// All headers but the host's, which the client adds.
    pub fn signed(&self, account: &Account, host: &str) -> Result<Vec<(String, String)>> {
        let date_time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let digest = hex(&Sha256::digest(self.body.as_bytes()));
        let mut headers = vec![("host", host), ("x-amz-content-sha256", &digest), ("x-amz-date", &date_time)];
        headers.extend(account.session_token.as_deref().map(|token| ("x-amz-security-token", token)));
        headers.extend(self.headers);
        headers.sort_unstable();
        let authorization = self.authorization(account, &headers, &date_time, &digest)?;
        headers.retain(|(name, _)| *name != "host");
        headers.push(("authorization", &authorization));
        Ok(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn authorization(
        &self,
        account: &Account,
        headers: &[(&str, &str)],
        date_time: &str,
        digest: &str,
    ) -> Result<String> {
        let Self { service, method, path, query, .. } = self;
        let Account { region, access_key, secret_key, .. } = account;
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let signed = names.join(";");
        let listed: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!("{method}\n{path}\n{query}\n{listed}\n{signed}\n{digest}");
        let date = &date_time[..8];
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let mut key = format!("AWS4{secret_key}").into_bytes();
        for part in [date, region.as_str(), service, "aws4_request", &to_sign] {
            key = hmac(&key, part)?;
        }
        let credential = format!("{access_key}/{scope}");
        Ok(format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={}", hex(&key)))
    }
}

fn hmac(key: &[u8], text: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).context("not a key")?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}
