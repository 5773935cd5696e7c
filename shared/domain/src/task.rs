//! What a job is asked to do: a report over a period, or the fields of a document. How the work is carried on is `job`'s
//! matter.

use std::time::Duration;

use crate::field::Invalid;
use crate::file::{ContentType, FileSize};
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
    /// For people: of a bounded number of rows.
    Pdf = "pdf",
}

impl ReportFormat {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Pdf => "application/pdf",
        }
    }
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
    pub fn period(from: Timestamp, to: Timestamp) -> Result<(), Invalid> {
        if from >= to {
            return Err(Invalid::new("out_of_range", "must be after from"));
        }
        Ok(())
    }

    /// What a report of a period that is not over ends with: the moment that it is to be made at, which is now or a later one. A
    /// later try reads the same.
    pub fn end(to: Timestamp, begins_at: Timestamp) -> Timestamp {
        to.min(begins_at.plus(Duration::from_millis(1)))
    }
}

/// The fields of a document that was uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extraction {
    pub file: FileId,
}

/// What Bedrock's Converse takes as a document
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-api-restrictions.html>), counted in millions.
pub const DOCUMENT_BYTES_MAX: u32 = 4_500_000;
/// What it takes as an image
/// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html>).
pub const IMAGE_BYTES_MAX: u32 = 3_750_000;

impl Extraction {
    /// Whether a model reads such a file.
    pub fn takes(content_type: ContentType, size: FileSize) -> Result<(), Invalid> {
        let most = match content_type {
            ContentType::Pdf | ContentType::Csv | ContentType::Text => DOCUMENT_BYTES_MAX,
            ContentType::Png | ContentType::Jpeg | ContentType::Webp => IMAGE_BYTES_MAX,
        };
        if size.bytes() > most {
            return Err(Invalid::new("too_large", format!("must be of a file of at most {most} bytes")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_period() {
        const NOW: Timestamp = Timestamp::from_ms(1_000_000);
        assert!(Report::period(NOW, NOW).is_err());
        assert!(Report::period(NOW, NOW.plus(Duration::from_millis(1))).is_ok());
    }

    #[test]
    fn a_report_ends_by_now() {
        const NOW: Timestamp = Timestamp::from_ms(1_000_000);
        let just_after = Timestamp::from_ms(1_000_001);
        for (to, expected) in [(NOW, NOW), (just_after, just_after), (Timestamp::from_ms(i64::MAX), just_after)] {
            assert_eq!(Report::end(to, NOW), expected);
        }
    }
}
