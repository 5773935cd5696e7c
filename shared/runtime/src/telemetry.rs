//! Logs as JSON lines on standard output, and one line for each invocation that is also its metrics, in CloudWatch's
//! embedded metric format. A line names tenant, request and trace; it has no place for a body, a header or a token.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Map, Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const NAMESPACE: &str = "Coffer";

static COLD: AtomicBool = AtomicBool::new(true);

/// Starts logging. Called once, first thing in `main`.
pub fn start() {
    let levels = Targets::new().with_default(LevelFilter::WARN).with_targets(
        ["coffer_app", "coffer_aws", "coffer_http_kit", "coffer_runtime"].map(|name| (name, LevelFilter::INFO)),
    );
    let json =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // A second start, as tests may make, keeps the first subscriber.
    tracing_subscriber::registry().with(json).with(levels).try_init().unwrap_or_default();
}

/// The line of one invocation, from its beginning to its end.
pub(crate) struct Invocation {
    began: Instant,
    fields: Map<String, Value>,
    metrics: Vec<(&'static str, &'static str)>,
}

impl Invocation {
    pub fn begin() -> Self {
        let mut fields = Map::new();
        fields.insert("level".into(), "INFO".into());
        fields.insert("cold_start".into(), COLD.swap(false, Ordering::Relaxed).into());
        Self { began: Instant::now(), fields, metrics: Vec::new() }
    }

    pub fn field(&mut self, name: &'static str, value: impl Into<Value>) {
        self.fields.insert(name.into(), value.into());
    }

    pub fn count(&mut self, name: &'static str, count: usize) {
        self.metrics.push((name, "Count"));
        self.fields.insert(name.into(), count.into());
    }

    #[cfg(test)]
    pub fn counted(&self, name: &str) -> Option<u64> {
        self.fields.get(name).and_then(Value::as_u64)
    }

    #[cfg(test)]
    pub fn told(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Writes the line. Metrics are by function; routes, tenants and codes stay fields, so that they cost no metric each.
    pub fn end(mut self) {
        let latency_ms = self.began.elapsed().as_secs_f64() * 1_000.0;
        self.metrics.push(("Latency", "Milliseconds"));
        self.fields.insert("Latency".into(), latency_ms.into());
        let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        self.fields.insert("Function".into(), function.into());
        let metrics: Vec<Value> =
            self.metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
        let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [["Function"]], "Metrics": metrics });
        self.fields.insert("_aws".into(), json!({ "Timestamp": now_ms(), "CloudWatchMetrics": [directive] }));
        // In one piece: `println!` formats the value into standard output in some two hundred.
        let mut line = serde_json::to_vec(&self.fields).unwrap_or_default();
        line.push(b'\n');
        // A log line that cannot be written has no other place to be told of.
        let _ = std::io::stdout().lock().write_all(&line);
    }
}

fn now_ms() -> u64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

/// An error and everything behind it, for the one place where it is logged.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}
