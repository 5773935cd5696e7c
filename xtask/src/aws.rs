//! The two AWS calls that the tasks make themselves, signed (Signature Version 4), so that no SDK is compiled into them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use crate::services::{ACCESS_KEY, REGION, SECRET_KEY};
use crate::{http, python::hex};
use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac};
use hyper::Method;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A call of CloudWatch Logs.
pub fn logs(endpoint: &str, action: &str, body: &Value) -> Result<Value> {
    let target = format!("Logs_20140328.{action}");
    let answer = call(endpoint, "logs", "application/x-amz-json-1.1", Some(&target), body.to_string())?;
    answer.json()
}

/// A stack's status and outputs; `None` when there is no such stack.
pub fn describe_stack(endpoint: &str, stack: &str) -> Result<Option<Stack>> {
    let form = format!("Action=DescribeStacks&Version=2010-05-15&StackName={stack}");
    let answer = call(endpoint, "cloudformation", "application/x-www-form-urlencoded", None, form);
    match answer {
        Ok(answer) => Ok(Some(Stack::parse(&answer.text()))),
        Err(error) if error.to_string().contains("does not exist") => Ok(None),
        Err(error) => Err(error),
    }
}

pub fn delete_stack(endpoint: &str, stack: &str) -> Result<()> {
    let form = format!("Action=DeleteStack&Version=2010-05-15&StackName={stack}");
    call(endpoint, "cloudformation", "application/x-www-form-urlencoded", None, form)?;
    Ok(())
}

pub struct Stack {
    pub status: String,
    outputs: Vec<(String, String)>,
}

impl Stack {
    fn parse(xml: &str) -> Self {
        let keys = elements(xml, "OutputKey");
        let values = elements(xml, "OutputValue");
        let status = elements(xml, "StackStatus").into_iter().next().unwrap_or_default();
        Self { status, outputs: keys.into_iter().zip(values).collect() }
    }

    pub fn output(&self, key: &str) -> Result<&str> {
        let found = self.outputs.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str()).with_context(|| format!("the stack has no output `{key}`"))
    }
}

/// The texts of all elements of this name. Enough for answers whose values hold no markup.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once(close.as_str())).map(|(text, _)| text.replace("&amp;", "&")).collect()
}

fn call(endpoint: &str, service: &str, content: &str, target: Option<&str>, body: String) -> Result<http::Answer> {
    let host = endpoint.trim_start_matches("http://");
    let mut headers = vec![("content-type".to_owned(), content.to_owned()), ("host".to_owned(), host.to_owned())];
    headers.push(("x-amz-date".to_owned(), Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string()));
    if let Some(target) = target {
        headers.push(("x-amz-target".to_owned(), target.to_owned()));
    }
    let authorization = authorization(service, &headers, &body)?;
    headers.retain(|(name, _)| name != "host");
    headers.push(("authorization".to_owned(), authorization));
    let answer = http::send(Method::POST, &format!("{endpoint}/"), &headers, body.into())?;
    if answer.status != 200 {
        bail!("{service} answered {}: {}", answer.status, answer.text());
    }
    Ok(answer)
}

/// `headers` sorted by name, lower case, `x-amz-date` among them.
fn authorization(service: &str, headers: &[(String, String)], body: &str) -> Result<String> {
    let date_time = headers.iter().find(|(name, _)| name == "x-amz-date").map(|(_, value)| value.as_str());
    let date_time = date_time.context("x-amz-date is missing")?;
    let date = &date_time[..8];
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let signed = names.join(";");
    let canonical_headers: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("POST\n/\n\n{canonical_headers}\n{signed}\n{}", hex(&Sha256::digest(body.as_bytes())));
    let scope = format!("{date}/{REGION}/{service}/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in [date, REGION, service, "aws4_request", &to_sign] {
        key = hmac(&key, part)?;
    }
    Ok(format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={signed}, Signature={}",
        hex(&key)
    ))
}

fn hmac(key: &[u8], text: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).context("not a key")?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}
