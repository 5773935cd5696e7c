//! What of a model's answer is believed: a row for each refusal, and no sum that does not agree.

use proptest::prelude::*;

use super::*;

fn line(quantity: &str, unit_amount: &str, amount: &str) -> ClaimedLine {
    ClaimedLine {
        description: "Green tea".into(),
        quantity: quantity.into(),
        unit_amount: unit_amount.into(),
        amount: amount.into(),
    }
}

fn claim() -> Claim {
    Claim {
        supplier: "Tea Ltd.".into(),
        date: "2024-02-29".into(),
        currency: "EUR".into(),
        lines: vec![line("2", "3.50", "7.00"), line("1.5", "3.33", "5"), line("1", "-1.00", "-1.00")],
        total_amount: "11.00".into(),
    }
}

#[test]
fn an_answer_that_adds_up_is_believed() {
    let invoice = Invoice::believe(&claim()).expect("it adds up");
    assert_eq!((invoice.total, invoice.date.to_string()), (1_100, "2024-02-29".to_owned()));
    let amounts: Vec<_> =
        invoice.lines.iter().map(|line| (line.quantity.thousandths(), line.unit_amount, line.amount)).collect();
    assert_eq!(amounts, [(2_000, 350, 700), (1_500, 333, 500), (1_000, -100, -100)]);
}

#[test]
fn every_disbelief_has_its_name() {
    let with = |change: fn(&mut Claim)| {
        let mut claim = claim();
        change(&mut claim);
        Invoice::believe(&claim).map(|_| ())
    };
    for (result, expected) in [
        (with(|claim| claim.supplier = " ".into()), Disbelief::Supplier),
        (with(|claim| claim.date = "2023-02-29".into()), Disbelief::Date),
        (with(|claim| claim.date = "31.01.2024".into()), Disbelief::Date),
        (with(|claim| claim.currency = "€".into()), Disbelief::Currency),
        (with(|claim| claim.lines.clear()), Disbelief::NoLines),
        (with(|claim| claim.lines = vec![line("1", "0", "0"); LINES_MAX + 1]), Disbelief::TooManyLines),
        (with(|claim| claim.lines[0].description = "a\nb".into()), Disbelief::Description),
        (with(|claim| claim.lines[0].quantity = "two".into()), Disbelief::Quantity),
        (with(|claim| claim.lines[0].quantity = "0".into()), Disbelief::Quantity),
        (with(|claim| claim.lines[0].quantity = "0.0001".into()), Disbelief::Quantity),
        (with(|claim| claim.lines[0].amount = "7,00".into()), Disbelief::Amount),
        (with(|claim| claim.lines[0].amount = "7.001".into()), Disbelief::Amount),
        (with(|claim| claim.total_amount = "99999999999999".into()), Disbelief::Amount),
        (with(|claim| claim.lines[0].amount = "7.01".into()), Disbelief::LineDiffers),
        (with(|claim| claim.total_amount = "11.01".into()), Disbelief::TotalDiffers),
    ] {
        assert_eq!(result, Err(expected));
    }
}

#[test]
fn numbers_are_read_exactly_or_not_at_all() {
    for (text, places, expected) in [
        ("1", 2, Some(100)),
        ("1.5", 2, Some(150)),
        ("-0.05", 2, Some(-5)),
        ("1.500", 1, Some(15)),
        ("7", 0, Some(7)),
        ("7.0", 0, Some(7)),
        ("7.5", 0, None),
        ("1.", 2, None),
        (".5", 2, None),
        ("+1", 2, None),
        ("--1", 2, None),
        ("1e3", 2, None),
        ("1 000", 2, None),
        ("", 2, None),
        ("9223372036854775808", 0, None),
        ("92233720368547758.08", 2, None),
    ] {
        assert_eq!(scaled(text, places), expected, "{text}");
    }
}

#[test]
fn nothing_of_it_is_in_a_debug() {
    let invoice = Invoice::believe(&claim()).expect("it adds up");
    let texts = format!("{:?} {:?} {:?} {:?}", claim(), claim().lines, invoice, invoice.lines);
    assert!(!texts.contains("Tea") && !texts.contains("tea") && !texts.contains('7'), "{texts}");
}

proptest! {
    #[test]
    fn whatever_is_believed_adds_up(
        lines in prop::collection::vec((1_i64..5_000, -10_000_i64..10_000, -2_i64..3), 1..6), off in -1_i64..2,
    ) {
        let decimal = |minor: i64| {
            format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100)
        };
        let mut sum = 0;
        let lines: Vec<ClaimedLine> = lines.into_iter().map(|(thousandths, unit, off)| {
            let amount = (thousandths * unit + 500).div_euclid(1_000) + off;
            sum += amount;
            line(&format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000), &decimal(unit), &decimal(amount))
        }).collect();
        let claim = Claim { lines, total_amount: decimal(sum + off), ..claim() };
        match Invoice::believe(&claim) {
            Ok(invoice) => {
                prop_assert_eq!(invoice.lines.iter().map(|line| line.amount).sum::<i64>(), invoice.total);
                for line in invoice.lines {
                    let off = line.quantity.thousandths() * line.unit_amount - line.amount * 1_000;
                    prop_assert!(off.abs() <= 500);
                }
            }
            Err(why) => prop_assert!(matches!(why, Disbelief::LineDiffers | Disbelief::TotalDiffers)),
        }
    }
}
