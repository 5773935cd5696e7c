//! A function of a stack, asked by hand.

use crate::account::Account;
use crate::sign::Call;
use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::Value;

/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
pub fn invoke(account: &Account, function: &str, question: &Value) -> Result<Value> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let headers = [("content-type", "application/json")];
    let call = Call {
        service: "lambda",
        method: Method::POST,
        path: &path,
        query: "",
        headers: &headers,
        body: question.to_string(),
    };
    let answer = call.send_as(account).with_context(|| format!("{function} cannot be asked"))?.json()?;
    match answer["errorMessage"].as_str() {
        Some(error) => bail!("{function} failed: {error}; its log has the reason"),
        None => Ok(answer),
    }
}
