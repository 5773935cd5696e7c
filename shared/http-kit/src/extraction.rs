//! What may be spent on models, as clients set it.

use domain::allowance::ExtractionSettings;
use domain::field::Invalid;
use serde_json::Value;

use crate::fields::Fields;
use crate::values;

pub fn extraction_settings(fields: &mut Fields<'_>) -> Option<ExtractionSettings> {
    let tokens_per_month = fields.optional("tokens_per_month", amount);
    let cents_per_month = fields.optional("cost_per_month", amount);
    Some(ExtractionSettings { tokens_per_month, cents_per_month })
}

fn amount(value: &Value) -> Result<u64, Invalid> {
    u64::try_from(values::integer(value)?).map_err(|_| Invalid::new("out_of_range", "must not be below zero"))
}
