//! Fee settings on the wire. Where nothing was set there is no fee.

use std::collections::BTreeMap;

use domain::fee::{FeeSettings, FeeTerms};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct FeeSettingsView {
    basis_points: i64,
    fixed: BTreeMap<&'static str, i64>,
    updated_at: Option<String>,
}

pub fn fee_settings(settings: Option<&FeeSettings>) -> String {
    let terms = settings.map(|settings| settings.terms.clone()).unwrap_or_default();
    json(&view(&terms, settings))
}

fn view(terms: &FeeTerms, settings: Option<&FeeSettings>) -> FeeSettingsView {
    FeeSettingsView {
        basis_points: terms.basis_points(),
        fixed: terms.fixed().iter().map(|(currency, amount)| (currency.code(), *amount)).collect(),
        updated_at: settings.map(|settings| rfc3339(settings.updated_at)),
    }
}
