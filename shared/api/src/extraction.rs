//! What a tenant may spend on models, and has spent. The currency is that of the models' prices.

use domain::allowance::{ExtractionSettings, MICRO_DOLLARS_PER_CENT, Month, Spending};
use serde::Serialize;

use crate::json;

#[derive(Serialize)]
struct SettingsView {
    tokens_per_month: Option<u64>,
    cost_per_month: Option<u64>,
    currency: &'static str,
    month: String,
    tokens_spent: u64,
    cost_spent: u64,
}

pub fn extraction_settings(settings: &ExtractionSettings, month: Month, spent: Spending) -> String {
    let ExtractionSettings { tokens_per_month, cents_per_month, version: _ } = *settings;
    let Spending { tokens, micro_dollars } = spent;
    json(&SettingsView {
        tokens_per_month,
        cost_per_month: cents_per_month,
        currency: "USD",
        month: month.to_string(),
        tokens_spent: tokens,
        cost_spent: micro_dollars.div_ceil(MICRO_DOLLARS_PER_CENT),
    })
}
