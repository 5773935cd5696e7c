//! Fee settings, as the operator's command says them.

use std::collections::BTreeMap;

use domain::fee::{FeeTerms, check_basis_points, check_fixed};
use domain::field::Invalid;
use domain::money::Currency;
use serde_json::Value;

use crate::fields::Fields;
use crate::values;

pub fn fee_terms(fields: &mut Fields<'_>) -> Option<FeeTerms> {
    let basis_points = fields.required("basis_points", values::integer);
    let basis_points = fields.check("basis_points", basis_points, |points| check_basis_points(*points));
    let fixed = fields.optional("fixed", fixed);
    FeeTerms::new(basis_points?, fixed.unwrap_or_default()).ok()
}

fn fixed(value: &Value) -> Result<BTreeMap<Currency, i64>, Invalid> {
    let invalid = || Invalid::new("invalid_type", "must be an object of currencies and amounts");
    let object = value.as_object().ok_or_else(invalid)?;
    let amount = |(code, value): (&String, &Value)| Ok((Currency::parse(code)?, values::integer(value)?));
    let fixed = object.iter().map(amount).collect::<Result<_, Invalid>>()?;
    check_fixed(&fixed)?;
    Ok(fixed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fields;

    #[test]
    fn terms_and_what_is_none() {
        let read = |body: Value| {
            let told = fields::parse(body.to_string().as_bytes(), fee_terms);
            let faults = |problem: crate::Problem| {
                problem.errors.into_iter().map(|it| format!("{} {}", it.pointer, it.code)).collect::<Vec<_>>()
            };
            told.map(|terms| (terms.basis_points(), terms.fixed().len())).map_err(faults)
        };
        assert_eq!(read(json!({ "basis_points": 290, "fixed": { "EUR": 25, "JPY": 30 } })), Ok((290, 2)));
        assert_eq!(read(json!({ "basis_points": 0 })), Ok((0, 0)));
        for (body, expected) in [
            (json!({}), "/basis_points required"),
            (json!({ "basis_points": 10_001 }), "/basis_points out_of_range"),
            (json!({ "basis_points": 2.9 }), "/basis_points not_an_integer"),
            (json!({ "basis_points": 1, "fixed": { "eur": 1 } }), "/fixed invalid_currency"),
            (json!({ "basis_points": 1, "fixed": { "EUR": -1 } }), "/fixed out_of_range"),
            (json!({ "basis_points": 1, "fixed": [1] }), "/fixed invalid_type"),
            (json!({ "basis_points": 1, "note": "x" }), "/note unknown_field"),
        ] {
            assert_eq!(read(body.clone()), Err(vec![expected.to_owned()]), "{body}");
        }
    }
}
