//! What of an API Gateway proxy event the functions use
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event>). The full types of
//! `aws_lambda_events` read everything, which takes a tenth of a warm call's time.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProxyRequest {
    pub resource: Option<String>,
    pub path: Option<String>,
    pub http_method: String,
    pub multi_value_headers: Option<HashMap<String, Vec<String>>>,
    pub multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    pub path_parameters: Option<BTreeMap<String, String>>,
    pub request_context: ProxyContext,
    pub body: Option<String>,
    #[serde(default)]
    pub is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProxyContext {
    pub request_id: Option<String>,
    #[serde(default)]
    pub identity: ProxyIdentity,
    pub authorizer: Option<HashMap<String, Value>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProxyIdentity {
    pub source_ip: Option<String>,
}
