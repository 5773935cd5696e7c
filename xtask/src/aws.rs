//! The few AWS calls that the tasks make themselves, most of them to the emulator of an instance.

use crate::account::Account;
use crate::sign::Call;
use anyhow::{Context, Result};
use hyper::Method;
use serde_json::Value;

/// A call of CloudWatch Logs.
pub fn logs(endpoint: &str, action: &str, body: &Value) -> Result<Value> {
    let target = format!("Logs_20140328.{action}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", &target)];
    Call { service: "logs", method: Method::POST, path: "/", query: "", headers: &headers, body: body.to_string() }
        .send(endpoint)?
        .json()
}

/// A stack's status and outputs; `None` when there is no such stack.
pub fn describe_stack(endpoint: &str, stack: &str) -> Result<Option<Stack>> {
    describe_stack_of(&Account::emulator(endpoint), stack)
}

pub fn describe_stack_of(account: &Account, stack: &str) -> Result<Option<Stack>> {
    match cloudformation(account, "DescribeStacks", stack) {
        Ok(answer) => Ok(Some(Stack::parse(&answer))),
        Err(error) if error.to_string().contains("does not exist") => Ok(None),
        Err(error) => Err(error),
    }
}

pub fn delete_stack(endpoint: &str, stack: &str) -> Result<()> {
    cloudformation(&Account::emulator(endpoint), "DeleteStack", stack).map(drop)
}

/// The template as `sam deploy` has sent it, with the places of the uploaded packages.
pub fn stack_template(endpoint: &str, stack: &str) -> Result<String> {
    cloudformation(&Account::emulator(endpoint), "GetTemplate", stack)
}

fn cloudformation(account: &Account, action: &str, stack: &str) -> Result<String> {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("Action={action}&Version=2010-05-15&StackName={stack}");
    let call = Call { service: "cloudformation", method: Method::POST, path: "/", query: "", headers: &headers, body };
    Ok(call.send_as(account)?.text())
}

/// A call whose action and answer are JSON (<https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>).
pub fn json_1_0(account: &Account, service: &str, target: &str, body: &Value) -> Result<Value> {
    let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)];
    let call = Call { service, method: Method::POST, path: "/", query: "", headers: &headers, body: body.to_string() };
    call.send_as(account)?.json()
}

/// A call of Lambda, which names the thing by its path below the API's version. What is answered without a body is null.
pub fn lambda(
    account: &Account,
    method: Method,
    path: &str,
    query: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Value> {
    let (path, query) = (format!("/2015-03-31{path}"), encoded(query));
    let headers = [("content-type", "application/json")];
    let body = body.map(Value::to_string).unwrap_or_default();
    let call = Call { service: "lambda", method, path: &path, query: &query, headers: &headers, body };
    let answer = call.send_as(account)?;
    if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() }
}

/// A call of S3, whose paths are of buckets and objects. Nothing in the path needs percent-encoding.
pub fn s3(endpoint: &str, method: Method, path: &str, query: &[(&str, &str)]) -> Result<String> {
    let call = Call { service: "s3", method, path, query: &encoded(query), headers: &[], body: String::new() };
    Ok(call.send(endpoint)?.text())
}

/// A query as it is signed: sorted by name, all but RFC 3986's unreserved characters percent-encoded.
fn encoded(query: &[(&str, &str)]) -> String {
    let mut pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded_text(value))).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn encoded_text(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
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
pub fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once(close.as_str())).map(|(text, _)| text.replace("&amp;", "&")).collect()
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn a_query_is_sorted_and_encoded() {
        assert_eq!(encoded(&[("MaxItems", "50"), ("Marker", "a+/=&b~")]), "Marker=a%2B%2F%3D%26b~&MaxItems=50");
        assert_eq!(encoded(&[("versions", "")]), "versions=");
        assert_eq!(encoded(&[]), "");
    }
}
