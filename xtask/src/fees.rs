//! `cargo xtask fees`: what a merchant's payments cost from now on. The stack's `fees-update` writes it; no route does, because
//! who pays a fee does not set it.

use crate::invoke::invoke;
use crate::place::Place;
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::path::Path;

#[derive(clap::Args)]
pub struct Options {
    /// The merchant, `ten_...`
    tenant: String,
    /// Hundredths of a per cent of what is captured
    #[arg(long)]
    basis_points: u32,
    /// Beside that, in minor units of a currency: `EUR=25`. Once for each currency
    #[arg(long, value_parser = fixed)]
    fixed: Vec<(String, u32)>,
    #[command(flatten)]
    place: Place,
}

pub fn run(root: &Path, options: &Options) -> Result<()> {
    let Options { tenant, basis_points, fixed, place } = options;
    let (account, stack) = place.stack(root)?;
    let fixed: Map<String, Value> = fixed.iter().map(|(currency, amount)| (currency.clone(), json!(amount))).collect();
    let question = json!({ "tenant": tenant, "basis_points": basis_points, "fixed": fixed });
    let answer = invoke(&account, &format!("{stack}-fees-update"), &question)?;
    if let Some(errors) = answer["errors"].as_array() {
        let errors: Vec<&str> = errors.iter().filter_map(Value::as_str).collect();
        bail!("nothing was changed: {}", errors.join("; "));
    }
    println!("{tenant}: {answer}");
    Ok(())
}

fn fixed(text: &str) -> Result<(String, u32)> {
    let (currency, amount) = text.split_once('=').context("give a currency and an amount, as in EUR=25")?;
    let amount = amount.parse().with_context(|| format!("`{amount}` is no amount in minor units"))?;
    Ok((currency.to_owned(), amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_amount_is_of_a_currency() {
        assert_eq!(fixed("EUR=25").expect("good"), ("EUR".to_owned(), 25));
        for text in ["EUR", "EUR=", "EUR=-1", "EUR=0.25"] {
            assert!(fixed(text).is_err(), "{text}");
        }
    }
}
