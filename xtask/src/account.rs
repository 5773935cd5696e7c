//! Whose AWS a task calls: the emulator of an instance, or the account whose keys are in the environment. Profile files are
//! not read; `aws configure export-credentials --format env` prints what is wanted here.

use crate::services::{ACCESS_KEY, REGION, SECRET_KEY};
use anyhow::{Result, ensure};

pub struct Account {
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    pub session_token: Option<String>,
    /// One address for all services; AWS's own when absent.
    endpoint: Option<String>,
}

impl Account {
    pub fn emulator(endpoint: &str) -> Self {
        Self {
            region: REGION.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            session_token: None,
            endpoint: Some(endpoint.to_owned()),
        }
    }

    /// From the variables that the AWS CLI and the SDKs read.
    pub fn from_environment(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let value = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let region = value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION"));
        let (access_key, secret_key) = (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY"));
        let wanted =
            [("AWS_REGION", &region), ("AWS_ACCESS_KEY_ID", &access_key), ("AWS_SECRET_ACCESS_KEY", &secret_key)];
        let missing: Vec<&str> = wanted.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
        ensure!(missing.is_empty(), "not set in the environment: {}", missing.join(", "));
        Ok(Self {
            region: region.unwrap_or_default(),
            access_key: access_key.unwrap_or_default(),
            secret_key: secret_key.unwrap_or_default(),
            session_token: value("AWS_SESSION_TOKEN"),
            endpoint: value("AWS_ENDPOINT_URL").map(|url| url.trim_end_matches('/').to_owned()),
        })
    }

    /// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
    pub fn endpoint(&self, service: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{service}.{}.{suffix}", self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn the_environment_names_the_account_and_what_it_lacks() {
        let lookup = |name: &str| match name {
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("key".to_owned()),
            _ => None,
        };
        let account = Account::from_environment(&lookup).expect("all set");
        assert_eq!(account.endpoint("sqs"), "https://sqs.eu-central-1.amazonaws.com");
        let emulated = |name: &str| lookup(name).or_else(|| (name == "AWS_ENDPOINT_URL").then(|| "http://e:1/".into()));
        assert_eq!(Account::from_environment(&emulated).expect("all set").endpoint("sqs"), "http://e:1");
        let error = Account::from_environment(&|_| None).err().expect("nothing is set").to_string();
        assert_eq!(error, "not set in the environment: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY");
    }
}
