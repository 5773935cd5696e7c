//! What a job is asked to do: a report over a period, or the fields of a document. How the work is carried on is `job`'s
//! matter.

use crate::field::Invalid;
use crate::ids::FileId;
use crate::money::Currency;
use crate::time::Timestamp;
use crate::words::words;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    Report(Report),
    Extraction(Extraction),
}

words! {
    ReportKind:
    Payments = "payments",
    Ledger = "ledger",
}

words! {
    ReportFormat:
    Csv = "csv",
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub kind: ReportKind,
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub format: ReportFormat,
    /// Of this currency alone.
    pub currency: Option<Currency>,
}

impl Report {
    pub fn period(from: Timestamp, to: Timestamp) -> Result<(Timestamp, Timestamp), Invalid> {
        if from >= to {
            return Err(Invalid::new("out_of_range", "must be after from"));
        }
        Ok((from, to))
    }
}

/// The fields of a document that was uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extraction {
    pub file: FileId,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_report_has_a_period() {
        const NOW: Timestamp = Timestamp::from_ms(1_000_000);
        assert!(Report::period(NOW, NOW).is_err());
        assert!(Report::period(NOW, NOW.plus(Duration::from_millis(1))).is_ok());
    }
}
