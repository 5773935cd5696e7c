//! A schedule asks for a report each time that its cron expression is met by the clocks of a zone: one job for each
//! occurrence, of a period that is counted from it.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::cron::Cron;
use crate::ids::{JobId, ScheduleId, TenantId};
use crate::job::Priority;
use crate::money::Currency;
use crate::task::{Report, ReportFormat, ReportKind};
use crate::text::Description;
use crate::time::Timestamp;
use crate::words::words;
use crate::zone::Zone;

/// How many a tenant has at most.
pub const SCHEDULES_MAX: usize = 100;
/// An occurrence is acted on so long after its moment: what was being written when its period ended is in the table by then.
pub const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// Between two occurrences of a 29th of February, where the last year of a century has none.
const DAYS_AHEAD: usize = 8 * 366;

words! {
    ScheduleStatus:
    Enabled = "enabled",
    /// Nothing occurs, and what would have is not made up for.
    Paused = "paused",
}

words! {
    /// Of a report, counted from the occurrence in the days of its zone. Weeks begin on Monday (ISO 8601).
    Period:
    PreviousDay = "previous_day",
    PreviousWeek = "previous_week",
    PreviousMonth = "previous_month",
    PreviousQuarter = "previous_quarter",
    PreviousYear = "previous_year",
    /// Up to the occurrence.
    DayToDate = "day_to_date",
    MonthToDate = "month_to_date",
    YearToDate = "year_to_date",
}

/// A report whose period moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecurringReport {
    pub kind: ReportKind,
    pub period: Period,
    pub format: ReportFormat,
    /// Of this currency alone.
    pub currency: Option<Currency>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub tenant: TenantId,
    pub cron: Cron,
    pub zone: Zone,
    pub report: RecurringReport,
    /// Of its jobs.
    pub priority: Priority,
    pub description: Option<Description>,
    pub status: ScheduleStatus,
    /// What occurred up to here has its job, or is not to have one.
    pub done_up_to: Timestamp,
    /// The next occurrence. None while it is paused.
    pub next_at: Option<Timestamp>,
    pub last: Option<Occurred>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// An occurrence and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurred {
    pub at: Timestamp,
    pub job: JobId,
}

/// Which occurrence a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    pub schedule: ScheduleId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchedule {
    pub cron: Cron,
    pub zone: Zone,
    pub report: RecurringReport,
    pub priority: Priority,
    pub description: Option<Description>,
}

/// What a client changes; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScheduleChange {
    pub cron: Option<Cron>,
    pub zone: Option<Zone>,
    pub report: Option<RecurringReport>,
    pub priority: Option<Priority>,
    pub description: Option<Option<Description>>,
    pub status: Option<ScheduleStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tenant has at most {SCHEDULES_MAX} schedules")]
pub struct TooManySchedules;

/// What is to be done about a schedule at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// The zone's rules have changed, and the next occurrence with them: it is at another moment, or there is none.
    Moved(Option<Timestamp>),
    /// A job for this moment.
    At(Timestamp),
}

impl Schedule {
    pub fn new(id: ScheduleId, tenant: TenantId, input: NewSchedule, now: Timestamp) -> Self {
        let NewSchedule { cron, zone, report, priority, description } = input;
        Self {
            id,
            tenant,
            next_at: next(&cron, &zone, now),
            cron,
            zone,
            report,
            priority,
            description,
            status: ScheduleStatus::Enabled,
            done_up_to: now,
            last: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// One that is to occur at other times, or again, begins anew: what lies before is not made up for. None where nothing
    /// changes.
    pub fn change(&self, change: ScheduleChange, now: Timestamp) -> Option<Self> {
        let ScheduleChange { cron, zone, report, priority, description, status } = change;
        let changed = Self {
            cron: cron.unwrap_or_else(|| self.cron.clone()),
            zone: zone.unwrap_or_else(|| self.zone.clone()),
            report: report.unwrap_or(self.report),
            priority: priority.unwrap_or(self.priority),
            description: description.unwrap_or_else(|| self.description.clone()),
            status: status.unwrap_or(self.status),
            ..self.clone()
        };
        if changed == *self {
            return None;
        }
        let changed = changed.changed(now);
        let keeps_its_times = (&changed.cron, &changed.zone, changed.status) == (&self.cron, &self.zone, self.status);
        Some(if keeps_its_times { changed } else { changed.from(now) })
    }

    /// When the sweeper is to look.
    pub fn check_at(&self) -> Option<Timestamp> {
        self.next_at.map(|at| at.plus(SETTLES_WITHIN))
    }

    /// The oldest occurrence that has no job yet, by the rules that the zone has now. Those after it come by further looks.
    pub fn due(&self, now: Timestamp) -> Due {
        let is_due = |at: Timestamp| at.plus(SETTLES_WITHIN) <= now;
        if !self.next_at.is_some_and(is_due) {
            return Due::Nothing;
        }
        match next(&self.cron, &self.zone, self.done_up_to) {
            Some(at) if is_due(at) => Due::At(at),
            at => Due::Moved(at),
        }
    }

    #[must_use]
    pub fn moved(&self, next_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self { next_at, ..self.changed(now) }
    }

    /// The occurrence has its job.
    #[must_use]
    pub fn occurred(&self, at: Timestamp, job: JobId, now: Timestamp) -> Self {
        Self { last: Some(Occurred { at, job }), ..self.changed(now) }.from(at)
    }

    /// What an occurrence asks for.
    pub fn report_at(&self, at: Timestamp) -> Report {
        let RecurringReport { kind, period, format, currency } = self.report;
        let (from, to) = period.before(at, day_of(&self.cron, &self.zone, at), &self.zone);
        Report { kind, from, to, format, currency }
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }

    fn from(self, moment: Timestamp) -> Self {
        let next_at = match self.status {
            ScheduleStatus::Enabled => next(&self.cron, &self.zone, moment),
            ScheduleStatus::Paused => None,
        };
        Self { done_up_to: moment, next_at, ..self }
    }
}

/// The first occurrence after a moment. An expression of certain hours occurs once for each, also where clocks skip it or
/// show it twice; one of every hour occurs as the hours pass.
fn next(cron: &Cron, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
    // What clocks skip before midnight comes after it.
    let first = zone.date(after).saturating_sub(1.day());
    first.series(1.day()).take(DAYS_AHEAD).find_map(|date| {
        let times = cron.times(date);
        let mut moments: Vec<Timestamp> = match cron.is_every_hour() {
            true => times.flat_map(|time| zone.each(time)).collect(),
            false => times.filter_map(|time| zone.once(time)).collect(),
        };
        moments.sort_unstable();
        moments.into_iter().find(|at| *at > after)
    })
}

/// The day of the time that the expression means. Where clocks skip that time over midnight, they show the day after it.
fn day_of(cron: &Cron, zone: &Zone, at: Timestamp) -> Date {
    let shown = zone.date(at);
    let before = shown.saturating_sub(1.day());
    let means = |date: Date| cron.times(date).any(|time| zone.once(time) == Some(at));
    if means(before) && !means(shown) { before } else { shown }
}

impl Period {
    /// From when to when, counted from an occurrence of a day: the first inclusive, the second exclusive. Never empty: what is up
    /// to date at midnight is the day, month or year that ends there.
    fn before(self, at: Timestamp, today: Date, zone: &Zone) -> (Timestamp, Timestamp) {
        let at = at.min(zone.start_of(today.saturating_add(1.day())));
        let ending = zone.date(at.minus(Duration::from_millis(1)));
        let whole = |from: Date, to: Date| (zone.start_of(from), zone.start_of(to));
        let to_date = |from: Date| (zone.start_of(from), at);
        match self {
            Self::PreviousDay => whole(today.saturating_sub(1.day()), today),
            Self::PreviousWeek => {
                let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
                whole(monday.saturating_sub(1.week()), monday)
            }
            Self::PreviousMonth => whole(today.first_of_month().saturating_sub(1.month()), today.first_of_month()),
            Self::PreviousQuarter => {
                let quarter = today.first_of_month().saturating_sub(i64::from((today.month() - 1) % 3).months());
                whole(quarter.saturating_sub(3.months()), quarter)
            }
            Self::PreviousYear => whole(today.first_of_year().saturating_sub(1.year()), today.first_of_year()),
            Self::DayToDate => to_date(ending),
            Self::MonthToDate => to_date(ending.first_of_month()),
            Self::YearToDate => to_date(ending.first_of_year()),
        }
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
