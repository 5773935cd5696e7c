//! A table for the benchmark alone, with the keys and indexes of the stack's commerce table but without a stream: no worker
//! runs beside what is measured, and the demo tenant's data stay what they are.

use crate::account::Account;
use crate::{aws, interrupt};
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

const ACTIVE_WITHIN: Duration = Duration::from_secs(20);

/// Deleted when it is dropped.
pub struct Table<'a> {
    account: &'a Account,
    pub name: String,
}

impl<'a> Table<'a> {
    pub fn like(account: &'a Account, model: &str, name: String) -> Result<Self> {
        let model = &dynamodb(account, "DescribeTable", &json!({ "TableName": model }))?["Table"];
        let keep = |from: &Value, fields: &[&str]| -> Value {
            fields.iter().map(|field| ((*field).to_owned(), from[*field].clone())).collect()
        };
        let mut request = keep(model, &["KeySchema", "AttributeDefinitions"]);
        let indexes = model["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let indexes = indexes.map(|index| keep(index, &["IndexName", "KeySchema", "Projection"]));
        request["GlobalSecondaryIndexes"] = indexes.collect();
        request["BillingMode"] = "PAY_PER_REQUEST".into();
        request["TableName"] = name.as_str().into();

        let table = Self { account, name };
        // Of a run that was killed.
        let _ = table.delete();
        dynamodb(account, "CreateTable", &request)?;
        let is_active = interrupt::wait_until(ACTIVE_WITHIN, || {
            let answer = dynamodb(account, "DescribeTable", &json!({ "TableName": table.name }))?;
            Ok(answer["Table"]["TableStatus"] == "ACTIVE")
        })?;
        ensure!(is_active, "the table {} does not become active", table.name);
        Ok(table)
    }

    fn delete(&self) -> Result<()> {
        dynamodb(self.account, "DeleteTable", &json!({ "TableName": self.name })).map(drop)
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.delete() {
            eprintln!("the table {} is left behind: {error:#}", self.name);
        }
    }
}

fn dynamodb(account: &Account, action: &str, request: &Value) -> Result<Value> {
    aws::json_1_0(account, "dynamodb", &format!("DynamoDB_20120810.{action}"), request)
}
