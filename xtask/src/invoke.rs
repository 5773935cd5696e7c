//! Asking a function of the stack: a question in, its answer out.

use crate::account::Account;
use crate::aws;
use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::Value;

/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
pub fn invoke(account: &Account, function: &str, question: &Value) -> Result<Value> {
    let path = format!("/functions/{function}/invocations");
    let answer = aws::lambda(account, Method::POST, &path, &[], Some(question));
    let answer = answer.with_context(|| format!("{function} cannot be asked"))?;
    match answer["errorMessage"].as_str() {
        Some(error) => bail!("{function} failed: {error}; its log has the reason"),
        None => Ok(answer),
    }
}
