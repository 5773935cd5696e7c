//! Bodies about schedules: created, changed.

use domain::cron::Cron;
use domain::field::Invalid;
use domain::job::Priority;
use domain::schedule::{NewSchedule, Period, RecurringReport, ScheduleChange, ScheduleStatus};
use domain::zone::Zone;
use serde_json::Value;

use crate::fields::Fields;
use crate::{job, values};

pub fn new_schedule(fields: &mut Fields<'_>) -> Option<NewSchedule> {
    let cron = fields.required("cron", cron);
    let zone = fields.required("time_zone", zone);
    let report = fields.object("report", report);
    let priority = fields.optional("priority", job::priority).unwrap_or(Priority::Normal);
    let description = fields.optional("description", values::line);
    Some(NewSchedule { cron: cron?, zone: zone?, report: report?, priority, description })
}

/// A report is exchanged as a whole; a `null` description is none.
pub fn change(fields: &mut Fields<'_>) -> ScheduleChange {
    ScheduleChange {
        cron: fields.optional("cron", cron),
        zone: fields.optional("time_zone", zone),
        report: fields.optional_object("report", report),
        priority: fields.optional("priority", job::priority),
        description: fields.nullable("description", values::line),
        status: fields.optional("status", status),
    }
}

fn report(fields: &mut Fields<'_>) -> Option<RecurringReport> {
    let kind = fields.required("kind", job::report_kind);
    let period = fields.required("period", period);
    let format = fields.required("format", job::report_format);
    let currency = fields.optional("currency", values::currency);
    Some(RecurringReport { kind: kind?, period: period?, format: format?, currency })
}

fn cron(value: &Value) -> Result<Cron, Invalid> {
    Cron::parse(values::text(value)?)
}

fn zone(value: &Value) -> Result<Zone, Invalid> {
    Zone::parse(values::text(value)?)
}

fn period(value: &Value) -> Result<Period, Invalid> {
    let known = || Period::ALL.iter().map(|period| period.as_str()).collect::<Vec<_>>().join(", ");
    Period::parse(values::text(value)?)
        .ok_or_else(|| Invalid::new("unknown_value", format!("must be one of {}", known())))
}

fn status(value: &Value) -> Result<ScheduleStatus, Invalid> {
    let status = ScheduleStatus::parse(values::text(value)?);
    status.ok_or_else(|| Invalid::new("unknown_value", "must be enabled or paused"))
}
