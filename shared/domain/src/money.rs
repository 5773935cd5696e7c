//! Money: whole minor units with an ISO 4217 currency. No floats, no conversion, no arithmetic across currencies.

use std::fmt;
use std::str::FromStr;

use crate::field::Invalid;

/// A currency with a minor unit of its own (ISO 4217); funds, metals and test codes are refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub fn parse(code: &str) -> Result<Self, Invalid> {
        let known = iso_currency::Currency::from_code(code).filter(|currency| currency.exponent().is_some());
        known
            .map(Self)
            .ok_or_else(|| Invalid::new("invalid_currency", "must be an ISO 4217 code in capitals, such as EUR"))
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal places the minor unit stands for: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }

    /// An amount as people write it in English: digits in groups of three, the minor unit behind a point: 1,234.50 of
    /// EUR, 1,234 of JPY, 1.234 of KWD.
    pub fn decimal(self, minor_units: i64) -> String {
        let places = usize::from(self.exponent());
        let digits = format!("{:0>width$}", minor_units.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let mut text = String::from(if minor_units < 0 { "-" } else { "" });
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        if places > 0 {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Invalid;

    fn from_str(code: &str) -> Result<Self, Invalid> {
        Self::parse(code)
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

/// A positive number of minor units, at most [`Amount::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    /// Twelve digits: beyond any payment, and exact in JSON numbers (below 2^53) even when a thousand are summed.
    pub const MAX: i64 = 999_999_999_999;

    pub fn new(minor_units: i64) -> Result<Self, Invalid> {
        match minor_units {
            ..=0 => Err(Invalid::new("not_positive", "must be a positive whole number of minor units")),
            1..=Self::MAX => Ok(Self(minor_units)),
            _ => Err(Invalid::new("too_large", format!("must be at most {}", Self::MAX))),
        }
    }

    pub fn get(self) -> i64 {
        self.0
    }

    pub fn times(self, quantity: u32) -> Result<Self, Invalid> {
        Self::new(self.0.saturating_mul(i64::from(quantity)))
    }

    pub fn plus(self, other: Self) -> Result<Self, Invalid> {
        Self::new(self.0.saturating_add(other.0))
    }
}

/// An amount in its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    pub amount: Amount,
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_at_the_bounds() {
        for (minor_units, expected) in [
            (i64::MIN, Err("not_positive")),
            (0, Err("not_positive")),
            (1, Ok(1)),
            (Amount::MAX, Ok(Amount::MAX)),
            (Amount::MAX + 1, Err("too_large")),
            (i64::MAX, Err("too_large")),
        ] {
            assert_eq!(Amount::new(minor_units).map(Amount::get).map_err(|e| e.code), expected);
        }
    }

    #[test]
    fn exponents_are_the_currency_s_own() {
        for (code, exponent) in [("EUR", 2), ("JPY", 0), ("KWD", 3)] {
            assert_eq!(Currency::parse(code).map(Currency::exponent), Ok(exponent));
        }
        for wrong in ["eur", "EURO", "", "ZZZ", "XAU", "XXX"] {
            assert!(Currency::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn decimals_have_the_currency_s_places() {
        for (code, minor_units, expected) in [
            ("EUR", 5, "0.05"),
            ("EUR", 123_450, "1,234.50"),
            ("EUR", -100, "-1.00"),
            ("JPY", 999_999, "999,999"),
            ("JPY", 0, "0"),
            ("BHD", 1_234_567, "1,234.567"),
            ("EUR", Amount::MAX, "9,999,999,999.99"),
        ] {
            assert_eq!(Currency::parse(code).map(|currency| currency.decimal(minor_units)), Ok(expected.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn decimals_keep_every_digit(minor_units: i64, code in prop::sample::select(vec!["EUR", "JPY", "BHD"])) {
            let text = Currency::parse(code)?.decimal(minor_units).replace([',', '.'], "");
            prop_assert_eq!(text.parse::<i64>(), Ok(minor_units));
        }

        #[test]
        fn arithmetic_never_wraps(a in 1..=Amount::MAX, b in 1..=Amount::MAX, quantity: u32) {
            let (a, b) = (Amount::new(a)?, Amount::new(b)?);
            if let Ok(sum) = a.plus(b) { prop_assert_eq!(sum.get(), a.get() + b.get()); }
            if let Ok(product) = a.times(quantity) {
                prop_assert_eq!(i128::from(product.get()), i128::from(a.get()) * i128::from(quantity));
            }
        }
    }
}
