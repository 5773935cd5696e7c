//! Rows to be read by people: what a report says when it is a document. How it looks is the documents crate's matter.

use crate::text::Name;
use crate::time::Timestamp;

/// A table of more is no document: nobody reads it, and it would not fit the memory of a function.
pub const ROWS_MAX: u64 = 2_000;

/// Everything that the document shows. The same values make the same document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub merchant: Name,
    /// By which the document is known.
    pub id: String,
    pub title: &'static str,
    /// The period and what else was asked for.
    pub about: String,
    pub made_at: Timestamp,
    /// The first is the widest; the others are as wide as each other.
    pub columns: Vec<&'static str>,
    pub rows: Vec<ListingRow>,
    pub totals: Vec<ListingTotal>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRow {
    /// One for each column.
    pub cells: Vec<String>,
    /// Smaller, below the first.
    pub below: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingTotal {
    pub label: String,
    pub value: String,
}
