//! Stripe's minor units and ISO 4217's, which differ in a few currencies (<https://docs.stripe.com/currencies>). What the
//! two do not both express is refused, never rounded.

use domain::money::{Amount, Currency, Money};

/// How Stripe counts a currency, by ISO 4217's minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Units {
    Same,
    /// ISO 4217 has no decimals, Stripe wants two that are zero.
    HundredPerUnit,
    /// ISO 4217 has two decimals, Stripe has none.
    UnitPerHundred,
    /// Three decimals, the last of them zero.
    InTens,
}

fn units(currency: Currency) -> Option<Units> {
    match (currency.code(), currency.exponent()) {
        ("ISK" | "UGX", _) => Some(Units::HundredPerUnit),
        ("MGA", _) => Some(Units::UnitPerHundred),
        ("BHD" | "JOD" | "KWD" | "OMR" | "TND", _) => Some(Units::InTens),
        (_, 0 | 2) => Some(Units::Same),
        _ => None,
    }
}

/// Why Stripe cannot be asked for an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inexpressible {
    Currency,
    Amount,
}

/// Stripe's number for an amount.
pub(super) fn to_stripe(money: Money) -> Result<i64, Inexpressible> {
    let minor_units = money.amount.get();
    let multiple_of = |divisor: i64| (minor_units % divisor == 0).then_some(minor_units).ok_or(Inexpressible::Amount);
    match units(money.currency).ok_or(Inexpressible::Currency)? {
        Units::Same => Ok(minor_units),
        Units::InTens => multiple_of(10),
        Units::UnitPerHundred => multiple_of(100).map(|minor_units| minor_units / 100),
        Units::HundredPerUnit => minor_units.checked_mul(100).ok_or(Inexpressible::Amount),
    }
}

/// The amount that a number of Stripe's stands for. Its codes are in lower case.
pub(super) fn from_stripe(number: i64, currency: &str) -> Option<Money> {
    let currency = Currency::parse(&currency.to_ascii_uppercase()).ok()?;
    let minor_units = match units(currency)? {
        Units::Same | Units::InTens => number,
        Units::UnitPerHundred => number.checked_mul(100)?,
        Units::HundredPerUnit => (number % 100 == 0).then_some(number / 100)?,
    };
    Some(Money { amount: Amount::new(minor_units).ok()?, currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor_units: i64, currency: &str) -> Money {
        Money { amount: Amount::new(minor_units).expect("valid"), currency: Currency::parse(currency).expect("known") }
    }

    #[test]
    fn amounts_as_stripe_counts_them() {
        for (minor_units, currency, expected) in [
            (1_250, "EUR", Ok(1_250)),
            (500, "JPY", Ok(500)),
            (5, "ISK", Ok(500)),
            (5, "UGX", Ok(500)),
            (500, "MGA", Ok(5)),
            (501, "MGA", Err(Inexpressible::Amount)),
            (5_120, "KWD", Ok(5_120)),
            (5_124, "KWD", Err(Inexpressible::Amount)),
            // Whole forints and dollars alone can be paid out; they are charged with two decimals.
            (1_045, "HUF", Ok(1_045)),
            (1_045, "TWD", Ok(1_045)),
            (5_120, "IQD", Err(Inexpressible::Currency)),
            (5_120, "LYD", Err(Inexpressible::Currency)),
            (5_120, "CLF", Err(Inexpressible::Currency)),
        ] {
            let told = to_stripe(money(minor_units, currency));
            assert_eq!(told, expected, "{minor_units} {currency}");
            if let Ok(number) = told {
                let back = from_stripe(number, &currency.to_ascii_lowercase());
                assert_eq!(back, Some(money(minor_units, currency)), "{currency} and back");
            }
        }
    }

    #[test]
    fn numbers_that_are_no_amount() {
        for (number, currency) in [(0, "eur"), (-5, "eur"), (501, "isk"), (5, "zzz"), (i64::MAX, "mga")] {
            assert_eq!(from_stripe(number, currency), None, "{number} {currency}");
        }
    }
}
