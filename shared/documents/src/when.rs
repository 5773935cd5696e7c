//! A moment as a date to read, in UTC.

use domain::time::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Moments before year 1 or after 9999 become the epoch: no payment has them.
pub(crate) fn civil(at: Timestamp) -> DateTime {
    let at = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).datetime()
}

/// 5 March 2026
pub(crate) fn date(at: Timestamp) -> String {
    civil(at).strftime("%-d %B %Y").to_string()
}
