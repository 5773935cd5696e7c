//! A provider's statement: what it says it has moved for a merchant in a period, line by line, to be matched with what the
//! ledger has posted. `processing → succeeded | failed`. A statement changes no money: what differs is told, not corrected.

mod matching;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::card_number;
use crate::connection::ProviderName;
use crate::field::Invalid;
use crate::ids::{StatementId, TenantId};
use crate::money::{Amount, Currency};
use crate::time::Timestamp;
use crate::words::words;

pub use matching::{Comparison, Movement, Ours, compare, entry_range, movements, own_id};

/// How many lines a statement may have: what a request's 256 KiB hold.
pub const LINES_MAX: usize = 1_000;
/// How many movements of the ledger in its period a statement is compared with. Together with the lines that bounds the
/// differences, so that all of them are written in one transaction.
pub const MOVEMENTS_MAX: usize = 2_000;
/// How long a statement is left to its queue before the sweeper takes it on.
pub const CHECK_AFTER: Duration = Duration::from_secs(5 * 60);

const REFERENCE_LEN_MAX: usize = 100;

words! {
    StatementStatus:
    Processing = "processing",
    Succeeded = "succeeded",
    Failed = "failed",
}

words! {
    /// Why a statement was not matched.
    StatementFailure:
    TooManyTransactions = "too_many_transactions",
}

words! {
    /// What a line says has happened.
    LineKind:
    Charge = "charge",
    Refund = "refund",
    /// Taken from the merchant when a dispute opened.
    Dispute = "dispute",
    /// Given back when it was won.
    DisputeReversal = "dispute_reversal",
    /// What the provider takes for its work. The ledger does not book it.
    Fee = "fee",
}

words! {
    /// In the order in which they are listed.
    DifferenceKind:
    /// A line that nothing we posted stands for.
    MissingInLedger = "missing_in_ledger",
    /// Posted in the period, and no line names it.
    MissingAtProvider = "missing_at_provider",
    AmountDiffers = "amount_differs",
    CurrencyDiffers = "currency_differs",
    /// Another line stands for the same.
    DuplicateLine = "duplicate_line",
    /// Ours is still under way.
    NotFinal = "not_final",
}

impl LineKind {
    /// An amount is what the line does to what the provider owes the merchant.
    pub fn check_sign(self, amount: i64) -> Result<(), Invalid> {
        let fits = match self {
            Self::Charge | Self::DisputeReversal => amount > 0,
            Self::Refund | Self::Dispute => amount < 0,
            Self::Fee => amount != 0,
        };
        if fits {
            Ok(())
        } else {
            Err(Invalid::new("wrong_sign", "must be positive where money comes in, negative where it goes out"))
        }
    }
}

/// An amount of a statement: whole minor units, signed, not zero.
pub fn line_amount(minor_units: i64) -> Result<i64, Invalid> {
    match minor_units.unsigned_abs() {
        0 => Err(Invalid::new("zero", "must not be zero")),
        size if size > Amount::MAX.unsigned_abs() => {
            Err(Invalid::new("too_large", format!("must be at most {} either way", Amount::MAX)))
        }
        _ => Ok(minor_units),
    }
}

/// What a line names: the provider's reference of a charge, refund or dispute, or our own id, which providers are given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(String);

impl Reference {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=REFERENCE_LEN_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            let detail = format!("must have 1 to {REFERENCE_LEN_MAX} printable ASCII characters and no spaces");
            return Err(Invalid::new("invalid_reference", detail));
        }
        card_number::refuse(text)?;
        Ok(Self(text.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// Its place in the statement, from 1.
    pub number: u32,
    pub kind: LineKind,
    pub reference: Reference,
    /// What it does to what the provider owes the merchant; see [`LineKind::check_sign`].
    pub amount: i64,
    pub currency: Currency,
    pub occurred_at: Option<Timestamp>,
}

/// From inclusive, to exclusive, and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Period {
    /// Why a period may not end at `to`.
    pub fn check_end(from: Timestamp, to: Timestamp, now: Timestamp) -> Result<(), Invalid> {
        to.not_after(now)?;
        if to <= from {
            return Err(Invalid::new("out_of_range", "must be after from"));
        }
        Ok(())
    }

    pub fn has(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// How many lines and movements came to what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    pub matched: u32,
    /// Fees.
    pub not_compared: u32,
    /// Kinds that there are none of may be left out.
    pub differences: BTreeMap<DifferenceKind, u32>,
}

impl Counts {
    pub fn of(&self, kind: DifferenceKind) -> u32 {
        self.differences.get(&kind).copied().unwrap_or(0)
    }

    pub fn all_differences(&self) -> u32 {
        self.differences.values().sum()
    }

    /// Where the differences of a kind lie among all, which are in the order of their kinds.
    pub fn range_of(&self, kind: Option<DifferenceKind>) -> std::ops::Range<u32> {
        let Some(kind) = kind else { return 0..self.all_differences() };
        let before: u32 = self.differences.iter().filter(|(other, _)| **other < kind).map(|(_, count)| count).sum();
        before..before + self.of(kind)
    }
}

/// One thing that the provider and the ledger do not agree on: what the one says and what the other has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub line: Option<StatementLine>,
    pub ours: Option<Ours>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub id: StatementId,
    pub tenant: TenantId,
    pub provider: ProviderName,
    pub period: Period,
    /// Where it is of one currency alone: the ledger's movements in others are not asked for.
    pub currency: Option<Currency>,
    pub lines: u32,
    pub status: StatementStatus,
    /// Once it has succeeded.
    pub counts: Option<Counts>,
    pub failure: Option<StatementFailure>,
    /// When the sweeper is to take it on; none once it is final.
    pub check_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatement {
    pub provider: ProviderName,
    pub period: Period,
    pub currency: Option<Currency>,
    pub lines: Vec<StatementLine>,
}

impl Statement {
    pub fn new(id: StatementId, tenant: TenantId, input: &NewStatement, now: Timestamp) -> Self {
        let NewStatement { provider, period, currency, lines } = input;
        Self {
            id,
            tenant,
            provider: *provider,
            period: *period,
            currency: *currency,
            lines: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            status: StatementStatus::Processing,
            counts: None,
            failure: None,
            check_at: Some(now.plus(CHECK_AFTER)),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// What came of it: its counts, or why there are none.
    pub fn conclude(&self, result: Result<Counts, StatementFailure>, now: Timestamp) -> Self {
        let status = if result.is_ok() { StatementStatus::Succeeded } else { StatementStatus::Failed };
        Self {
            status,
            failure: result.as_ref().err().copied(),
            counts: result.ok(),
            check_at: None,
            updated_at: now.max(self.updated_at),
            version: self.version + 1,
            ..self.clone()
        }
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
