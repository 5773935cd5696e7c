//! A schedule on the wire.

use domain::schedule::{Occurred, RecurringReport, Schedule};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct ScheduleView<'a> {
    id: String,
    status: &'static str,
    cron: &'a str,
    time_zone: &'a str,
    report: ReportView,
    priority: &'static str,
    description: Option<&'a str>,
    next_at: Option<String>,
    last: Option<LastView>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct ReportView {
    kind: &'static str,
    period: &'static str,
    format: &'static str,
    currency: Option<&'static str>,
}

#[derive(Serialize)]
struct LastView {
    occurrence_at: String,
    job_id: String,
}

pub fn schedule(schedule: &Schedule) -> String {
    let Schedule {
        id,
        tenant: _,
        cron,
        zone,
        report: RecurringReport { kind, period, format, currency },
        priority,
        description,
        status,
        done_up_to: _,
        next_at,
        last,
        created_at,
        updated_at,
        version: _,
    } = schedule;
    json(&ScheduleView {
        id: id.to_string(),
        status: status.as_str(),
        cron: cron.as_str(),
        time_zone: zone.name(),
        report: ReportView {
            kind: kind.as_str(),
            period: period.as_str(),
            format: format.as_str(),
            currency: currency.map(|currency| currency.code()),
        },
        priority: priority.as_str(),
        description: description.as_ref().map(|description| description.as_str()),
        next_at: next_at.map(rfc3339),
        last: last.map(|Occurred { at, job }| LastView { occurrence_at: rfc3339(at), job_id: job.to_string() }),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}
