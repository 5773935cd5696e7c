//! What a document says that was read by a model: who it is from, what for, how much. A model's answer is a claim; it becomes an
//! invoice when every field is what it has to be and the sums agree. Nothing of either is in a `Debug`.

use std::fmt;

use crate::money::{Amount, Currency};
use crate::text::{Description, Name};
use crate::words::words;

/// A job's row holds them all.
pub const LINES_MAX: usize = 200;
/// Decimal places of a quantity.
const QUANTITY_PLACES: u32 = 3;
const QUANTITY_MAX: i64 = 1_000_000_000 * 1_000;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// `2026-01-31`, of the Gregorian calendar.
    pub fn parse(text: &str) -> Option<Self> {
        let is_written_so = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_written_so {
            return None;
        }
        let (year, month, day) = (text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?);
        (1..=days_of(year, month)).contains(&day).then_some(Self { year, month, day })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// Thousandths, so that an hour and a half is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i64);

impl Quantity {
    pub fn from_thousandths(thousandths: i64) -> Option<Self> {
        (1..=QUANTITY_MAX).contains(&thousandths).then_some(Self(thousandths))
    }

    pub fn thousandths(self) -> i64 {
        self.0
    }
}

/// As a model tells it: texts, amounts as decimal numbers with a point.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    pub supplier: String,
    pub date: String,
    pub currency: String,
    pub lines: Vec<ClaimedLine>,
    pub total_amount: String,
}

#[derive(Clone, PartialEq, Eq)]
pub struct ClaimedLine {
    pub description: String,
    pub quantity: String,
    pub unit_amount: String,
    pub amount: String,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({} lines)", self.lines.len())
    }
}

impl fmt::Debug for ClaimedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimedLine(***)")
    }
}

words! {
    /// Why an answer is not believed.
    Disbelief:
    /// The model did not come to an end, or would not.
    Unfinished = "unfinished",
    NotOfTheSchema = "not_of_the_schema",
    Supplier = "supplier_is_no_name",
    Date = "date_is_no_date",
    Currency = "currency_is_unknown",
    NoLines = "no_lines",
    TooManyLines = "too_many_lines",
    Description = "description_is_no_line",
    Quantity = "quantity_is_no_number",
    Amount = "amount_is_no_amount",
    LineDiffers = "line_does_not_add_up",
    TotalDiffers = "total_does_not_add_up",
}

#[derive(Clone, PartialEq, Eq)]
pub struct Invoice {
    pub supplier: Name,
    pub date: Day,
    pub currency: Currency,
    pub lines: Vec<InvoiceLine>,
    /// Minor units, as all amounts.
    pub total: i64,
}

#[derive(Clone, PartialEq, Eq)]
pub struct InvoiceLine {
    pub description: Description,
    pub quantity: Quantity,
    /// Below zero: a discount.
    pub unit_amount: i64,
    pub amount: i64,
}

impl fmt::Debug for Invoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invoice({} lines)", self.lines.len())
    }
}

impl fmt::Debug for InvoiceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvoiceLine(***)")
    }
}

impl Invoice {
    pub fn believe(claim: &Claim) -> Result<Self, Disbelief> {
        let Claim { supplier, date, currency, lines, total_amount } = claim;
        let supplier = Name::parse(supplier).map_err(|_| Disbelief::Supplier)?;
        let date = Day::parse(date).ok_or(Disbelief::Date)?;
        let currency = Currency::parse(currency).map_err(|_| Disbelief::Currency)?;
        if lines.is_empty() {
            return Err(Disbelief::NoLines);
        }
        if lines.len() > LINES_MAX {
            return Err(Disbelief::TooManyLines);
        }
        let lines = lines.iter().map(|line| InvoiceLine::believe(line, currency)).collect::<Result<Vec<_>, _>>()?;
        let total = amount(total_amount, currency)?;
        let sum: i64 = lines.iter().map(|line| line.amount).sum();
        if sum != total {
            return Err(Disbelief::TotalDiffers);
        }
        Ok(Self { supplier, date, currency, lines, total })
    }
}

impl InvoiceLine {
    /// Half a minor unit of rounding is no contradiction: 1.5 times 3.33 is 5.00 or 4.99.
    fn believe(line: &ClaimedLine, currency: Currency) -> Result<Self, Disbelief> {
        let ClaimedLine { description, quantity, unit_amount, amount: of_all } = line;
        let description = Description::parse(description).map_err(|_| Disbelief::Description)?;
        let quantity = scaled(quantity, QUANTITY_PLACES).and_then(Quantity::from_thousandths);
        let quantity = quantity.ok_or(Disbelief::Quantity)?;
        let (unit_amount, of_all) = (amount(unit_amount, currency)?, amount(of_all, currency)?);
        let product = i128::from(quantity.0) * i128::from(unit_amount);
        if (product - i128::from(of_all) * 1_000).abs() > 500 {
            return Err(Disbelief::LineDiffers);
        }
        Ok(Self { description, quantity, unit_amount, amount: of_all })
    }
}

fn amount(text: &str, currency: Currency) -> Result<i64, Disbelief> {
    let minor_units = scaled(text, u32::from(currency.exponent())).ok_or(Disbelief::Amount)?;
    if minor_units.abs() > Amount::MAX { Err(Disbelief::Amount) } else { Ok(minor_units) }
}

/// `-12.5` of two places is -1250. Places beyond are taken where they are zeros; nothing is rounded.
fn scaled(text: &str, places: u32) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = places.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let digits: i64 = format!("{whole}{fraction}").parse().ok()?;
    digits.checked_mul(10_i64.checked_pow(missing)?)?.checked_mul(sign)
}

#[cfg(test)]
#[path = "invoice_tests.rs"]
mod tests;
