//! What may be spent on models, as clients set and see it.

use app::extractions::{Budget, NewExtractionSettings};
use app::read::Shown;
use domain::field::Invalid;
use serde_json::Value;

use crate::fields::Fields;
use crate::{Response, values};

pub fn extraction_settings(fields: &mut Fields<'_>) -> Option<NewExtractionSettings> {
    let tokens_per_month = fields.optional("tokens_per_month", amount);
    let cents_per_month = fields.optional("cost_per_month", amount);
    Some(NewExtractionSettings { tokens_per_month, cents_per_month, expected_version: None })
}

/// What was spent is in the tag as well: a reader who has the settings is not told that nothing is new.
pub fn budget(budget: &Budget) -> Response {
    let Budget { settings, month, spent } = budget;
    let body = api::extraction_settings(settings, *month, *spent);
    let beside = format!("{month}-{}-{}", spent.tokens, spent.micro_dollars);
    Response::resource_beside(Shown { version: settings.version, body }, &beside)
}

fn amount(value: &Value) -> Result<u64, Invalid> {
    u64::try_from(values::integer(value)?).map_err(|_| Invalid::new("out_of_range", "must not be below zero"))
}
