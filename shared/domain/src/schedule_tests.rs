//! When schedules occur, what they miss, and of what period their reports are.

use std::collections::BTreeSet;

use jiff::Timestamp as Moment;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn at(text: &str) -> Timestamp {
    Timestamp::from_ms(text.parse::<Moment>().expect(text).as_millisecond())
}

fn schedule(cron: &str, zone: &str, now: &str) -> Schedule {
    let report = RecurringReport {
        kind: ReportKind::Payments,
        period: Period::PreviousDay,
        format: ReportFormat::Csv,
        currency: None,
    };
    let input = NewSchedule {
        cron: Cron::parse(cron).expect(cron),
        zone: Zone::parse(zone).expect(zone),
        report,
        priority: Priority::Normal,
        description: None,
    };
    Schedule::new(ScheduleId::from_u128(1), TenantId::from_u128(2), input, at(now))
}

/// The next occurrences after a moment.
fn occurrences(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let schedule = schedule(cron, zone, after);
    let following = |moment: &Timestamp| next(&schedule.cron, &schedule.zone, *moment);
    let moments = std::iter::successors(schedule.next_at, following).take(count);
    moments.map(|moment| Moment::from_millisecond(moment.as_ms()).expect("in range").to_string()).collect()
}

#[test]
fn i13_occurs_by_the_clocks_of_its_zone() {
    for (cron, zone, after, expected) in [
        ("0 6 1 * *", "UTC", "2026-11-22T00:00:00Z", ["2026-12-01T06:00:00Z", "2027-01-01T06:00:00Z"]),
        ("0 6 1 * *", "Asia/Tokyo", "2026-11-22T00:00:00Z", ["2026-11-30T21:00:00Z", "2026-12-31T21:00:00Z"]),
        ("0 6 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", ["2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z"]),
        ("0 6 * * mon", "America/New_York", "2026-10-26T12:00:00Z", ["2026-11-02T11:00:00Z", "2026-11-09T11:00:00Z"]),
        ("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z"]),
        ("0 0 31 12 *", "Pacific/Kiritimati", "2026-01-01T00:00:00Z", ["2026-12-30T10:00:00Z", "2027-12-30T10:00:00Z"]),
    ] {
        assert_eq!(occurrences(cron, zone, after, 2), expected, "{cron} in {zone}");
    }
}

#[test]
fn i13_an_hour_that_clocks_skip_or_show_twice_occurs_once() {
    let berlin = |cron, after| occurrences(cron, "Europe/Berlin", after, 3);
    assert_eq!(
        berlin("30 2 * * *", "2026-03-28T00:00:00Z"),
        ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"],
        "02:30 is skipped on the 29th: 03:30"
    );
    assert_eq!(
        berlin("30 2,3 * * *", "2026-03-28T12:00:00Z"),
        ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-30T01:30:00Z"],
        "one occurrence where two times are one moment"
    );
    assert_eq!(
        berlin("30 2 * * *", "2026-10-24T12:00:00Z"),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"],
        "02:30 comes twice on the 25th: the first"
    );
}

#[test]
fn i13_every_hour_is_each_hour_that_passes() {
    let berlin = |after| occurrences("30 * * * *", "Europe/Berlin", after, 4);
    let hours = |day: &str, first: i32| -> Vec<String> {
        (first..first + 4).map(|hour| format!("{day}T{hour:02}:30:00Z")).collect()
    };
    assert_eq!(berlin("2026-03-29T00:00:00Z"), hours("2026-03-29", 0), "a night without its third hour");
    assert_eq!(berlin("2026-10-25T00:00:00Z"), hours("2026-10-25", 0), "a night with it twice");
    let lord_howe = occurrences("15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", 3);
    assert_eq!(
        lord_howe,
        ["2026-04-04T14:15:00Z", "2026-04-04T15:45:00Z", "2026-04-04T16:45:00Z"],
        "half an hour back"
    );
}

#[test]
fn i13_what_was_missed_is_made_up_for_one_by_one() {
    let mut schedule = schedule("0 * * * *", "UTC", "2026-11-22T00:30:00Z");
    let settled = at("2026-11-22T01:00:00Z").plus(SETTLES_WITHIN);
    assert_eq!(schedule.check_at(), Some(settled));
    assert_eq!(schedule.due(settled.minus(Duration::from_millis(1))), Due::Nothing);
    let late = at("2026-11-22T03:59:00Z");
    let mut made = Vec::new();
    while let Due::At(moment) = schedule.due(late) {
        let job = JobId::from_u128(7);
        schedule = schedule.occurred(moment, job, late);
        assert_eq!(schedule.last, Some(Occurred { at: moment, job }));
        made.push(moment);
    }
    assert_eq!(made, ["2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z", "2026-11-22T03:00:00Z"].map(at));
    assert_eq!(schedule.next_at, Some(at("2026-11-22T04:00:00Z")));
}

#[test]
fn what_a_paused_one_misses_is_not_made_up_for() {
    let schedule = schedule("0 6 * * *", "UTC", "2026-11-22T00:00:00Z");
    let status = |status| ScheduleChange { status: Some(status), ..ScheduleChange::default() };
    let later = at("2026-11-25T12:00:00Z");
    let paused = schedule.change(status(ScheduleStatus::Paused), at("2026-11-22T01:00:00Z")).expect("a change");
    assert_eq!((paused.next_at, paused.check_at(), paused.due(later)), (None, None, Due::Nothing));
    let resumed = paused.change(status(ScheduleStatus::Enabled), later).expect("a change");
    assert_eq!(resumed.next_at, Some(at("2026-11-26T06:00:00Z")));
    assert_eq!(resumed.due(later), Due::Nothing);
}

#[test]
fn another_time_counts_from_its_change_and_another_report_changes_no_time() {
    let schedule = schedule("0 6 * * *", "UTC", "2026-11-22T00:00:00Z");
    let now = at("2026-11-22T05:59:00Z");
    let cron = ScheduleChange { cron: Cron::parse("0 5 * * *").ok(), ..ScheduleChange::default() };
    assert_eq!(schedule.change(cron, now).expect("a change").next_at, Some(at("2026-11-23T05:00:00Z")));
    let zone = ScheduleChange { zone: Zone::parse("Asia/Tokyo").ok(), ..ScheduleChange::default() };
    assert_eq!(schedule.change(zone, now).expect("a change").next_at, Some(at("2026-11-22T21:00:00Z")));
    let other = ScheduleChange {
        report: Some(RecurringReport { format: ReportFormat::Pdf, ..schedule.report }),
        priority: Some(Priority::Low),
        status: Some(ScheduleStatus::Enabled),
        ..ScheduleChange::default()
    };
    let overdue = at("2026-11-22T06:30:00Z");
    let changed = schedule.change(other.clone(), overdue).expect("a change");
    assert_eq!(changed.due(overdue), Due::At(at("2026-11-22T06:00:00Z")), "what is due is not lost by it");
    assert_eq!((changed.report.format, changed.version), (ReportFormat::Pdf, 2));
    assert_eq!(changed.change(other, overdue), None, "the same once more");
}

#[test]
fn rules_that_have_changed_move_the_next_occurrence() {
    let mut schedule = schedule("0 6 * * *", "Europe/Berlin", "2026-11-22T00:00:00Z");
    let right = schedule.next_at;
    // As an older database had it.
    schedule.next_at = Some(at("2026-11-22T04:00:00Z"));
    let now = at("2026-11-22T04:01:00Z");
    assert_eq!(schedule.due(now), Due::Moved(right));
    let moved = schedule.moved(right, now);
    assert_eq!((moved.next_at, moved.due(now), moved.version), (right, Due::Nothing, 2));
}

#[test]
fn a_period_is_counted_in_the_days_of_the_zone() {
    // A Wednesday, 06:00 in Berlin.
    let moment = at("2026-11-25T05:00:00Z");
    for (period, from, to) in [
        (Period::PreviousDay, "2026-11-23T23:00:00Z", "2026-11-24T23:00:00Z"),
        (Period::PreviousWeek, "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z"),
        (Period::PreviousMonth, "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
        (Period::PreviousQuarter, "2026-06-30T22:00:00Z", "2026-09-30T22:00:00Z"),
        (Period::PreviousYear, "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z"),
        (Period::DayToDate, "2026-11-24T23:00:00Z", "2026-11-25T05:00:00Z"),
        (Period::MonthToDate, "2026-10-31T23:00:00Z", "2026-11-25T05:00:00Z"),
        (Period::YearToDate, "2025-12-31T23:00:00Z", "2026-11-25T05:00:00Z"),
    ] {
        let zone = Zone::parse("Europe/Berlin").expect("a zone");
        assert_eq!(period.before(moment, zone.date(moment), &zone), (at(from), at(to)), "{}", period.as_str());
    }
}

#[test]
fn up_to_date_at_midnight_is_what_ends_there() {
    let zone = Zone::parse("UTC").expect("a zone");
    let new_year = at("2027-01-01T00:00:00Z");
    for (period, from) in [
        (Period::DayToDate, "2026-12-31T00:00:00Z"),
        (Period::MonthToDate, "2026-12-01T00:00:00Z"),
        (Period::YearToDate, "2026-01-01T00:00:00Z"),
    ] {
        let today = zone.date(new_year);
        assert_eq!(period.before(new_year, today, &zone), (at(from), new_year), "{}", period.as_str());
    }
}

/// In Nuuk clocks skip the last hour of a Saturday: 23:30 of the 28th is 00:30 of the 29th.
#[test]
fn i13_a_time_that_is_skipped_over_midnight_is_of_its_own_day() {
    let occurrence = |cron: &str, period| {
        let mut schedule = schedule(cron, "America/Nuuk", "2026-03-28T12:00:00Z");
        schedule.report.period = period;
        let moment = schedule.next_at.expect("it occurs");
        assert_eq!(moment, at("2026-03-29T01:30:00Z"));
        let Report { from, to, .. } = schedule.report_at(moment);
        (from, to)
    };
    let [friday, saturday, sunday] = ["2026-03-27T02:00:00Z", "2026-03-28T02:00:00Z", "2026-03-29T01:00:00Z"].map(at);
    assert_eq!(occurrence("30 23 * * *", Period::PreviousDay), (friday, saturday));
    assert_eq!(occurrence("30 23 * * *", Period::DayToDate), (saturday, sunday), "of Sunday it has nothing");
    assert_eq!(
        occurrence("30 23 * * sat", Period::PreviousWeek),
        (at("2026-03-16T02:00:00Z"), at("2026-03-23T02:00:00Z"))
    );
    assert_eq!(occurrence("30 0 * * *", Period::PreviousDay), (saturday, sunday), "that is its own time");
    assert_eq!(occurrence("30 0,23 * * *", Period::PreviousDay), (saturday, sunday), "both are one occurrence");
}

/// Every moment of a span at which the clocks show a time of the expression, found minute by minute.
fn shown(cron: &Cron, zone: &str, from: Timestamp, days: u32) -> BTreeSet<Timestamp> {
    let zone = TimeZone::get(zone).expect("a zone");
    let minutes = (1..=days * 1_440).map(|minute| from.plus(MINUTE * minute));
    let is_shown = |moment: &Timestamp| {
        let shown = zone.to_datetime(Moment::from_millisecond(moment.as_ms()).expect("in range"));
        cron.times(shown.date()).any(|time| time == shown)
    };
    minutes.filter(is_shown).collect()
}

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/Nuuk",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_hour_is_found_minute_by_minute(minute in 0_u32..60, zone in 0_usize..7, start in 0_i64..500_000) {
        let cron = Cron::parse(&format!("{minute} * * * *")).expect("an expression");
        // From 2026 on, nearly a year.
        let from = at("2026-01-01T00:00:00Z").plus(MINUTE * u32::try_from(start).expect("small"));
        let expected = shown(&cron, ZONES[zone], from, 2);
        let zone = Zone::parse(ZONES[zone]).expect("a zone");
        let end = from.plus(MINUTE * 2 * 1_440);
        let found = std::iter::successors(next(&cron, &zone, from), |moment| next(&cron, &zone, *moment));
        prop_assert_eq!(found.take_while(|moment| *moment <= end).collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn certain_hours_come_once_for_each_day(hour in 0_u32..24, minute in 0_u32..60, zone in 0_usize..7, start in 0_i64..300) {
        let cron = Cron::parse(&format!("{minute} {hour} * * *")).expect("an expression");
        let name = ZONES[zone];
        let zone = Zone::parse(name).expect("a zone");
        let from = at("2026-01-01T00:00:00Z").plus(MINUTE * 1_440 * u32::try_from(start).expect("small"));
        let found: Vec<Timestamp> =
            std::iter::successors(next(&cron, &zone, from), |moment| next(&cron, &zone, *moment)).take(30).collect();
        prop_assert!(found.is_sorted_by(|a, b| a < b));
        let days: Vec<Date> = found.iter().map(|moment| day_of(&cron, &zone, *moment)).collect();
        let following = |days: &[Date]| days[0].saturating_add(1.day()) == days[1];
        prop_assert!(days.windows(2).all(following), "in {}: {:?}", name, days);
        let shown = shown(&cron, name, from, 30);
        let skipped = found.iter().filter(|moment| !shown.contains(moment)).count();
        prop_assert!(skipped <= 1, "only what the clocks skip comes at another time");
    }
}
