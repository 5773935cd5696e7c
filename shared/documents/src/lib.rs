//! Values to documents: the receipt of a payment and a report as PDF. Pure: no clock, no chance, no files; the same values make the same
//! bytes. The documents are PDF/A-2a and PDF/UA-1: they carry their fonts, their structure and their reading order.

mod face;
mod lines;
mod listing;
mod paint;
mod receipt;
mod sheet;
mod table;
mod when;

pub use listing::listing;
pub use receipt::receipt;
