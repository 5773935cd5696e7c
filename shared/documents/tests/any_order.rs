//! Whatever an order within the limits holds, its receipt can be printed, conforms, and its amounts add up.

#[expect(dead_code, reason = "the logo is the other test's")]
mod sample;

use coffer_documents::receipt as render;
use proptest::prelude::*;
use sample::{Shop, line};

/// Any text that the domain takes as a name, of many scripts.
fn name() -> impl Strategy<Value = String> {
    let taken = |text: &String| domain::text::Name::parse(text).is_ok();
    prop_oneof![
        "\\PC{1,200}".prop_filter("a name", taken),
        "[ -~äöüßłŁΑ-Ωа-яא-ת茶🫖a\u{301}\u{200d}\u{202e}]{1,200}".prop_filter("a name", taken),
    ]
}

fn amounts(text: &str) -> Vec<i64> {
    let digits = |word: &str| word.replace([',', '.'], "").parse().ok();
    text.split_whitespace().filter(|word| word.contains('.')).filter_map(digits).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn is_printed(
        merchant in name(),
        customer in name(),
        currency in prop::sample::select(vec!["EUR", "JPY", "BHD", "USD"]),
        lines in prop::collection::vec((name(), 1_u32..=1_000, 1_i64..=9_999_999), 1..=100),
        refunded: bool,
    ) {
        let lines: Result<Vec<_>, _> = lines.iter().map(|(name, quantity, unit)| line(name, *quantity, *unit)).collect();
        let shop = Shop { merchant: &merchant, customer: &customer, currency };
        let mut receipt = shop.sells(lines?)?;
        receipt.payment.refunded = if refunded { receipt.payment.captured } else { 0 };
        let first = render(&receipt)?;
        prop_assert_eq!(first, render(&receipt)?);
    }

    #[test]
    fn amounts_add_up(lines in prop::collection::vec((1_u32..=1_000, 1_i64..=9_999_999), 1..=100)) {
        let new_lines: Result<Vec<_>, _> = lines.iter().map(|(quantity, unit)| line("Cup", *quantity, *unit)).collect();
        let receipt = Shop::default().sells(new_lines?)?;
        let text = pdf_extract::extract_text_from_mem(&render(&receipt)?)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (before, after) = text.split_once("Order total").ok_or_else(|| TestCaseError::fail("no total"))?;
        let rows = before.split_once("Description").map(|(_, rows)| amounts(rows)).unwrap_or_default();
        // Unit price, then amount, of each line.
        let units: Vec<i64> = rows.iter().step_by(2).copied().collect();
        prop_assert_eq!(units, lines.iter().map(|(_, unit)| *unit).collect::<Vec<_>>());
        let sum: i64 = rows.iter().skip(1).step_by(2).sum();
        prop_assert_eq!(amounts(after).first().copied(), Some(sum));
    }
}
