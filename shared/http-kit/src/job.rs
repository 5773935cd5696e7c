//! What bodies say about jobs: when they are worked on, whatever the task, and what reports are of.

use std::time::Duration;

use domain::field::Invalid;
use domain::job::{Plan, Priority};
use domain::task::{ReportFormat, ReportKind};
use domain::time::Timestamp;
use serde_json::Value;

use crate::fields::Fields;
use crate::values;

/// How far ahead a job may be asked for.
const AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `priority`, and `run_at` or `delay_seconds`. A moment that is over is now: a request that comes again later stays the same.
pub fn plan(fields: &mut Fields<'_>, now: Timestamp) -> Plan {
    let priority = fields.optional("priority", priority);
    let run_at = fields.optional("run_at", |value| {
        let run_at = values::time(value)?;
        if run_at > now.plus(AHEAD_MAX) {
            return Err(Invalid::new("out_of_range", "must be within the next 366 days"));
        }
        Ok(run_at)
    });
    let delayed_to = fields.optional("delay_seconds", |value| {
        if run_at.is_some() {
            return Err(Invalid::new("exclusive", "cannot be combined with run_at"));
        }
        let delay = u64::try_from(values::integer(value)?).ok().map(Duration::from_secs);
        let delay = delay.filter(|delay| *delay <= AHEAD_MAX);
        delay.map(|delay| now.plus(delay)).ok_or_else(|| {
            Invalid::new("out_of_range", format!("must be a whole number from 0 to {}", AHEAD_MAX.as_secs()))
        })
    });
    Plan { priority: priority.unwrap_or(Priority::Normal), run_at: run_at.or(delayed_to) }
}

pub fn priority(value: &Value) -> Result<Priority, Invalid> {
    let priority = Priority::parse(values::text(value)?);
    priority.ok_or_else(|| Invalid::new("unknown_value", "must be high, normal or low"))
}

pub fn report_kind(value: &Value) -> Result<ReportKind, Invalid> {
    let kind = ReportKind::parse(values::text(value)?);
    kind.ok_or_else(|| Invalid::new("unknown_value", "must be payments or ledger"))
}

pub fn report_format(value: &Value) -> Result<ReportFormat, Invalid> {
    let format = ReportFormat::parse(values::text(value)?);
    format.ok_or_else(|| Invalid::new("unknown_value", "must be csv or pdf"))
}
