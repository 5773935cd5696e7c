//! The tests' Stripe: a double at the address that the stack under test takes for Stripe's, one for all tests.

use std::sync::OnceLock;
use std::time::Duration;

use hmac_sha256::HMAC;
use serde_json::{Value, json};
use stripe_double::Stripe;

use super::app::setting;
use super::unique;

pub const WEBHOOK_SECRET: &str = "whsec_of_the_tests_0123";

/// Tests that close it run alone.
pub fn stripe() -> &'static Stripe {
    static STRIPE: OnceLock<Stripe> = OnceLock::new();
    STRIPE.get_or_init(|| Stripe::at(&setting("COFFER_STRIPE")))
}

/// The body that connects an account nobody else has, and its key.
pub fn stripe_account(rank: &str) -> (Value, String) {
    stripe();
    let key = format!("sk_test_{}_0001", unique().replace(['_', '-'], ""));
    (json!({ "rank": rank, "api_key": key, "webhook_secret": WEBHOOK_SECRET }), key)
}

/// Waits until payments that are made now go by what was connected.
pub async fn until_it_counts(connected: &Value) {
    let since: jiff::Timestamp = connected["rank_since"].as_str().expect("a moment").parse().expect("RFC 3339");
    let left = since.as_millisecond() - jiff::Timestamp::now().as_millisecond();
    tokio::time::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(0))).await;
}

/// Signed as providers sign, by an implementation that is not Coffer's.
pub fn event_signature(secret: &str, seconds: i64, body: &str) -> String {
    let mac = HMAC::mac(format!("{seconds}.{body}").as_bytes(), secret.as_bytes());
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}
