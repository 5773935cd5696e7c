//! Time zones of the IANA database, which is compiled in: every instance knows the same rules, whatever its system has.

use std::sync::LazyLock;

use jiff::Timestamp as Moment;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::field::Invalid;
use crate::time::Timestamp;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let zone = DATABASE.get(name).ok().filter(|zone| zone.iana_name().is_some());
        let unknown =
            || Invalid::new("unknown_value", "must be a time zone of the IANA database, as Europe/Berlin or UTC");
        zone.map(Self).ok_or_else(unknown)
    }

    /// As the database writes it.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The day that its calendars show.
    pub fn date(&self, at: Timestamp) -> Date {
        self.0.to_datetime(Moment::from_millisecond(at.as_ms()).unwrap_or(Moment::MAX)).date()
    }

    /// The first moment of a day: where clocks skip midnight, the first after it.
    pub fn start_of(&self, date: Date) -> Timestamp {
        self.once(date.at(0, 0, 0, 0)).unwrap_or(timestamp(Moment::MAX))
    }

    /// When clocks show that: a time that they skip is as much later as they skip, of one that they show twice the first
    /// counts (RFC 5545, section 3.3.5).
    pub fn once(&self, shown: DateTime) -> Option<Timestamp> {
        self.0.to_ambiguous_timestamp(shown).compatible().ok().map(timestamp)
    }

    /// Each moment at which clocks show that: none, one or two.
    pub fn each(&self, shown: DateTime) -> impl Iterator<Item = Timestamp> {
        let shown = self.0.to_ambiguous_timestamp(shown);
        let (first, second) = match shown.offset() {
            AmbiguousOffset::Unambiguous { .. } => (shown.compatible().ok(), None),
            AmbiguousOffset::Gap { .. } => (None, None),
            AmbiguousOffset::Fold { .. } => (shown.earlier().ok(), shown.later().ok()),
        };
        first.into_iter().chain(second).map(timestamp)
    }
}

fn timestamp(moment: Moment) -> Timestamp {
    Timestamp::from_ms(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        timestamp(text.parse().expect(text))
    }

    #[test]
    fn zones_have_names_of_the_database() {
        for (text, name) in [("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("UTC", "UTC")] {
            assert_eq!(Zone::parse(text).expect(text).name(), name);
        }
        for text in ["", "Berlin", "CET-1CEST", "+02:00", "Europe/Berlin ", "../../etc/passwd"] {
            assert!(Zone::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_name_of_the_database_is_read_back() {
        let names: Vec<String> = DATABASE.available().map(|name| name.to_string()).collect();
        assert!(names.len() > 500, "{} zones", names.len());
        for name in names {
            assert_eq!(Zone::parse(&name).expect(&name).name(), name);
        }
    }

    #[test]
    fn a_time_that_clocks_skip_or_show_twice() {
        let zone = Zone::parse("Europe/Berlin").expect("a zone");
        let skipped = date(2026, 3, 29).at(2, 30, 0, 0);
        assert_eq!(zone.once(skipped), Some(at("2026-03-29T01:30:00Z")), "03:30 of summer");
        assert_eq!(zone.each(skipped).count(), 0);
        let twice = date(2026, 10, 25).at(2, 30, 0, 0);
        let both = [at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z")];
        assert_eq!(zone.once(twice), Some(both[0]));
        assert_eq!(zone.each(twice).collect::<Vec<_>>(), both);
        let usual = date(2026, 6, 1).at(2, 30, 0, 0);
        assert_eq!(zone.each(usual).collect::<Vec<_>>(), [at("2026-06-01T00:30:00Z")]);
        assert_eq!(zone.once(usual), Some(at("2026-06-01T00:30:00Z")));
    }

    #[test]
    fn a_day_begins_when_its_midnight_is_skipped() {
        let zone = Zone::parse("Africa/Cairo").expect("a zone");
        assert_eq!(zone.start_of(date(2026, 4, 24)), at("2026-04-23T22:00:00Z"), "01:00 of summer");
        assert_eq!(zone.date(at("2026-04-23T21:59:59Z")), date(2026, 4, 23));
        assert_eq!(zone.date(at("2026-04-23T22:00:00Z")), date(2026, 4, 24));
    }
}
