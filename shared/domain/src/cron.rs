//! Cron expressions of five fields (POSIX.1-2024, crontab): minute, hour, day of the month, month, day of the week. Beyond
//! POSIX: steps and names. What the clocks of a zone make of a day is `zone`'s matter.

use jiff::civil::{Date, DateTime};

use crate::field::Invalid;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    /// One: nothing occurs more often than hourly.
    minute: i8,
    /// A bit for each value.
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    is_every_hour: bool,
    /// Where both are restricted, a day of the month or of the week is enough.
    are_alternatives: bool,
}

/// What a field's values may be, and names for them.
struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", least: 0, most: 59, names: &[] };
const HOUR: Field = Field { name: "hour", least: 0, most: 23, names: &[] };
const DAY: Field = Field { name: "day of the month", least: 1, most: 31, names: &[] };
const MONTH: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/// Sunday is 0 or 7.
const WEEKDAY: Field =
    Field { name: "day of the week", least: 0, most: 7, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Cron {
    pub const LEN_MAX: usize = 100;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > Self::LEN_MAX {
            return Err(Invalid::new("invalid_length", format!("must have {} characters at most", Self::LEN_MAX)));
        }
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(Invalid::new(
                "invalid_cron",
                "must have five fields: minute, hour, day of the month, month, day of the week",
            ));
        };
        let minutes = MINUTE.parse(minute)?;
        if minutes.count_ones() != 1 {
            return Err(Invalid::new("too_often", "minute: must be one value; nothing runs more often than hourly"));
        }
        let weekdays = WEEKDAY.parse(weekday)?;
        let cron = Self {
            text: fields.join(" "),
            minute: minutes.trailing_zeros() as i8,
            hours: HOUR.parse(hour)?,
            days: DAY.parse(day)?,
            months: MONTH.parse(month)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            is_every_hour: hour == "*",
            are_alternatives: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        if !cron.has_a_day() {
            return Err(Invalid::new("invalid_cron", "names a day that no month of it has"));
        }
        Ok(cron)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it means each hour as it passes, and not certain hours of the day.
    pub fn is_every_hour(&self) -> bool {
        self.is_every_hour
    }

    /// What clocks show on that day when it occurs, in order.
    pub fn times(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let hours = if self.fits(date) { self.hours } else { 0 };
        (0..24).filter(move |hour| has(hours, *hour)).map(move |hour| date.at(hour, self.minute, 0, 0))
    }

    fn fits(&self, date: Date) -> bool {
        let of_month = has(self.days, date.day());
        let of_week = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let fits = if self.are_alternatives { of_month || of_week } else { of_month && of_week };
        has(self.months, date.month()) && fits
    }

    /// The 30th of February comes in no year.
    fn has_a_day(&self) -> bool {
        const LONGEST: [i8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let in_month =
            |(month, longest): (i8, &i8)| has(self.months, month) && (1..=*longest).any(|day| has(self.days, day));
        self.are_alternatives || (1..).zip(&LONGEST).any(in_month)
    }
}

fn has(set: u64, value: i8) -> bool {
    set >> value & 1 == 1
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, Invalid> {
        text.split(',').try_fold(0, |set, part| Ok(set | self.part(part)?))
    }

    /// `*`, `5`, `1-5`, and each with `/2`. A step after a single value goes to the end.
    fn part(&self, part: &str) -> Result<u64, Invalid> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, step.parse::<u8>().ok().filter(|step| *step > 0).ok_or_else(|| self.refused())?)
            }
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.least, if self.most == 7 { 6 } else { self.most }),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None if part.contains('/') => (self.value(range)?, self.most),
            None => (self.value(range)?, self.value(range)?),
        };
        if from > to {
            return Err(self.refused());
        }
        Ok((from..=to).step_by(usize::from(step)).fold(0, |set, value| set | 1 << value))
    }

    fn value(&self, text: &str) -> Result<u8, Invalid> {
        let lower = text.to_ascii_lowercase();
        let named = self.names.iter().zip(self.least..).find(|(name, _)| **name == lower).map(|(_, value)| value);
        let is_number = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = || is_number.then(|| text.parse().ok()).flatten();
        let value = named.or_else(number).filter(|value| (self.least..=self.most).contains(value));
        value.ok_or_else(|| self.refused())
    }

    fn refused(&self) -> Invalid {
        let Self { name, least, most, names: _ } = self;
        Invalid::new(
            "invalid_cron",
            format!("{name}: must be *, a value from {least} to {most}, a range or a list, with a step"),
        )
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn times(text: &str, date: Date) -> Vec<(i8, i8)> {
        Cron::parse(text).expect(text).times(date).map(|time| (time.hour(), time.minute())).collect()
    }

    #[test]
    fn times_of_a_day() {
        for (text, expected) in [
            ("30 2 * * *", vec![(2, 30)]),
            ("0 8-9,17 * * *", vec![(8, 0), (9, 0), (17, 0)]),
            ("5 */6 * * *", vec![(0, 5), (6, 5), (12, 5), (18, 5)]),
            ("5 10-20/5 * * *", vec![(10, 5), (15, 5), (20, 5)]),
            ("0 20/2 * * *", vec![(20, 0), (22, 0)]),
            ("09 07 * * *", vec![(7, 9)]),
        ] {
            assert_eq!(times(text, date(2026, 5, 1)), expected, "{text}");
        }
        assert_eq!(times("0 * * * *", date(2026, 5, 1)).len(), 24);
    }

    #[test]
    fn days_of_month_and_week_are_alternatives_where_both_are_restricted() {
        let (thursday, friday, saturday, sunday) =
            (date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 3));
        for (text, fitting, others) in [
            ("0 0 1 * *", vec![friday], vec![thursday, saturday]),
            ("0 0 * * mon-fri", vec![friday, thursday], vec![saturday, sunday]),
            ("0 0 * * 7", vec![sunday], vec![saturday]),
            ("0 0 * * 0,SAT", vec![sunday, saturday], vec![friday]),
            ("0 0 13 * FRI", vec![date(2026, 5, 13), friday], vec![saturday]),
            ("0 0 */2 * FRI", vec![friday], vec![sunday, date(2026, 5, 8)]),
            ("0 0 31 jan,mar *", vec![date(2026, 1, 31)], vec![date(2026, 5, 31)]),
            ("0 0 29 2 *", vec![date(2028, 2, 29)], vec![date(2028, 2, 28)]),
            ("0 0 * * *", vec![date(2026, 12, 31)], vec![]),
        ] {
            assert!(fitting.iter().all(|day| !times(text, *day).is_empty()), "{text}");
            assert!(others.iter().all(|day| times(text, *day).is_empty()), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_and_says_where() {
        for (text, word) in [
            ("", "five fields"),
            ("0 0 * *", "five fields"),
            ("0 0 * * * *", "five fields"),
            ("@daily", "five fields"),
            ("* 0 * * *", "hourly"),
            ("0,30 0 * * *", "hourly"),
            ("60 0 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 0 0 * *", "day of the month"),
            ("0 0 L * *", "day of the month"),
            ("0 0 * 13 *", "month"),
            ("0 0 * * 8", "day of the week"),
            ("0 0 * * mon#1", "day of the week"),
            ("0 5-1 * * *", "hour"),
            ("0 */0 * * *", "hour"),
            ("0 1,,2 * * *", "hour"),
            ("-1 0 * * *", "minute"),
            ("+1 0 * * *", "minute"),
            ("0 0 30 2 *", "no month"),
            ("0 0 31 4,6 *", "no month"),
        ] {
            let refusal = Cron::parse(text).expect_err(text);
            assert!(refusal.detail.contains(word), "{text}: {}", refusal.detail);
        }
        assert!(Cron::parse(&format!("0 {} * * *", vec!["1"; 60].join(","))).is_err(), "too long");
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange_to_be_read(text in "\\PC{0,40}") {
            if let Ok(cron) = Cron::parse(&text) {
                prop_assert_eq!(Cron::parse(cron.as_str()), Ok(cron));
            }
        }

        #[test]
        fn every_value_is_itself(minute in 0_i8..60, hour in 0_i8..24) {
            prop_assert_eq!(times(&format!("{minute} {hour} * * *"), date(2026, 1, 1)), [(hour, minute)]);
        }
    }
}
