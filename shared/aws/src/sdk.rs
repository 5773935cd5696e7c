//! How AWS is reached: region and credentials out of the environment that Lambda gives, time-outs and few retries. No
//! profile files and no instance metadata are looked at: they cost start time and Lambda has neither.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, IdentityCache, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_types::SdkConfig;

use crate::CallCounter;
use crate::roots;

const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(500),
    attempt: Duration::from_secs(1),
    operation: Duration::from_secs(3),
};
/// An emulator shares its machine with the functions, and who asks it again only makes it later. Less than an API function has.
const EMULATOR_PATIENCE: Patience =
    Patience { connect: Duration::from_secs(4), attempt: Duration::from_secs(8), operation: Duration::from_secs(9) };
const OBJECT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const OBJECT_OPERATION_TIMEOUT: Duration = Duration::from_secs(25);
const MAIL_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS_MAX: u32 = 3;
/// The SDK's default of one second is longer than an API answer may take.
const FIRST_BACKOFF_MAX: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_millis(500);

/// Variables that the environment lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not set in the environment: {}", .0.join(", "))]
pub struct MissingVariables(pub Vec<&'static str>);

/// Where AWS is and who calls it.
#[derive(Debug, Clone)]
pub struct Settings {
    pub region: String,
    pub credentials: Credentials,
    /// One endpoint for all services, such as an emulator's; AWS itself when absent.
    pub endpoint_url: Option<String>,
}

impl Settings {
    /// From the variables that Lambda sets
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>) and `AWS_ENDPOINT_URL`. An execution
    /// environment ends before its credentials do.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, MissingVariables> {
        let value = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut missing = Vec::new();
        let mut required = |name| {
            value(name).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let region = required("AWS_REGION");
        let key_id = required("AWS_ACCESS_KEY_ID");
        let secret = required("AWS_SECRET_ACCESS_KEY");
        if !missing.is_empty() {
            return Err(MissingVariables(missing));
        }
        let credentials = Credentials::new(key_id, secret, value("AWS_SESSION_TOKEN"), None, "environment");
        Ok(Self { region, credentials, endpoint_url: value("AWS_ENDPOINT_URL") })
    }
}

/// How long an answer is waited for. The SDK has no limit of its own
/// (<https://docs.aws.amazon.com/sdk-for-rust/latest/dg/timeouts.html>).
#[derive(Debug, Clone, Copy)]
struct Patience {
    connect: Duration,
    attempt: Duration,
    /// A whole call with its retries.
    operation: Duration,
}

impl Patience {
    fn timeouts(self) -> TimeoutConfig {
        self.for_calls_of(self.attempt, self.operation)
    }

    fn for_calls_of(self, attempt: Duration, operation: Duration) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(attempt)
            .operation_timeout(operation)
            .build()
    }
}

/// What the adapters are made of. Cheap to clone; all its clients share one pool of connections.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    patience: Patience,
    counter: Option<CallCounter>,
}

impl Aws {
    /// Connects to nothing and reads no file.
    pub fn new(settings: Settings) -> Self {
        let Settings { region, credentials, endpoint_url } = settings;
        let patience = if endpoint_url.is_some() { EMULATOR_PATIENCE } else { PATIENCE };
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS_MAX)
            .with_initial_backoff(FIRST_BACKOFF_MAX)
            .with_max_backoff(BACKOFF_MAX);
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // The credentials are in memory: there is nothing to keep from being fetched.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http_client(endpoint_url.as_deref(), &region))
            .timeout_config(patience.timeouts())
            .retry_config(retries)
            // Answers are small and every attempt has its time-out.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(endpoint_url);
        Self { config: config.build(), patience, counter: None }
    }

    /// Counts every call of the adapters made from here on.
    pub fn counted_by(mut self, counter: CallCounter) -> Self {
        self.counter = Some(counter);
        self
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// With patience: what it moves are megabytes.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::config::Builder::from(&self.config)
            .timeout_config(self.patience.for_calls_of(OBJECT_ATTEMPT_TIMEOUT, OBJECT_OPERATION_TIMEOUT))
            // An emulator has no name for each bucket.
            .force_path_style(self.config.endpoint_url().is_some());
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::config::Builder::from(&self.config);
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        // A mail has no key to be known by: what was asked twice is sent twice. The queue tries again.
        let mut config = aws_sdk_sesv2::config::Builder::from(&self.config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(self.patience.for_calls_of(MAIL_TIMEOUT, MAIL_TIMEOUT));
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_sesv2::Client::from_conf(config.build())
    }

    /// With an endpoint of its own: the stage of a WebSocket API. What was pushed twice comes twice, so nothing is retried.
    pub fn connections(&self, endpoint: String) -> aws_sdk_apigatewaymanagement::Client {
        let mut config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.config)
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::disabled());
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }

    /// A model takes its time, and what it was asked twice is paid for twice: the queue tries again.
    pub fn bedrock(&self, endpoint_url: Option<&str>, time_out: Duration) -> aws_sdk_bedrockruntime::Client {
        let mut config = aws_sdk_bedrockruntime::config::Builder::from(&self.config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(self.patience.for_calls_of(time_out, time_out));
        if let Some(url) = endpoint_url {
            let region = self.config.region().map(Region::as_ref).unwrap_or_default();
            config = config.endpoint_url(url).http_client(http_client(Some(url), region));
        }
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_bedrockruntime::Client::from_conf(config.build())
    }

    pub fn kms(&self) -> aws_sdk_kms::Client {
        let mut config = aws_sdk_kms::config::Builder::from(&self.config);
        if let Some(counter) = &self.counter {
            config = config.interceptor(counter.clone());
        }
        aws_sdk_kms::Client::from_conf(config.build())
    }
}

/// AWS itself is trusted by Amazon's roots alone; another endpoint by the system's, or not at all when it is plain HTTP.
fn http_client(endpoint_url: Option<&str>, region: &str) -> SharedHttpClient {
    match endpoint_url {
        Some(url) if url.starts_with("http://") => Builder::new().build_http(),
        None if roots::cover_region(region) => https(TrustStore::empty().with_pem_certificate(roots::AMAZON_PEM)),
        Some(_) | None => https(TrustStore::default()),
    }
}

fn https(trust: TrustStore) -> SharedHttpClient {
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    match TlsContext::builder().with_trust_store(trust).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Building never fails in this version of the client; if it comes to, the system's roots are as good.
        Err(_) => builder.build_https(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_variable_is_named_at_once() {
        let only_the_region = |name: &str| (name == "AWS_REGION").then(|| "eu-central-1".to_owned());
        let missing = Settings::from_env(&only_the_region).map(|_| ());
        assert_eq!(missing, Err(MissingVariables(vec!["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])));
        let empty = Settings::from_env(&|_| Some(String::new())).map(|_| ());
        assert!(empty.is_err_and(|MissingVariables(names)| names.len() == 3));
    }

    #[test]
    fn nothing_is_connected_to_by_making_clients() {
        let settings = Settings::from_env(&|name| Some(format!("value-of-{name}"))).expect("all set");
        assert_eq!(settings.region, "value-of-AWS_REGION");
        let aws = Aws::new(Settings { endpoint_url: None, ..settings });
        let connections = aws.connections("https://sockets.example/realtime".to_owned());
        let _ = (aws.dynamodb(), aws.s3(), aws.sqs(), aws.kms(), aws.ses(), connections);
    }
}
