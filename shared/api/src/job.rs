//! A job on the wire. The link to its result is beside it, in the answers that have it: an event keeps none.

use domain::job::{Job, JobFault};
use domain::task::{Extraction, Report, Task};
use domain::time::Timestamp;
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct JobView<'a> {
    id: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extraction: Option<ExtractionView>,
    priority: &'static str,
    run_at: Option<String>,
    status: &'static str,
    progress: u8,
    attempts: u32,
    cancel_requested: bool,
    result: Option<ResultView<'a>>,
    error: Option<ErrorView>,
    log: Vec<LineView<'a>>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct ReportView {
    kind: &'static str,
    from: String,
    to: String,
    format: &'static str,
    currency: Option<&'static str>,
}

#[derive(Serialize)]
struct ExtractionView {
    file_id: String,
}

#[derive(Serialize)]
struct ResultView<'a> {
    rows: u64,
    size: u64,
    url: Option<&'a str>,
    expires_at: Option<String>,
}

#[derive(Serialize)]
struct ErrorView {
    code: &'static str,
    message: &'static str,
}

#[derive(Serialize)]
struct LineView<'a> {
    at: String,
    message: &'a str,
}

/// With the link to its result, where there is one to be shown.
pub fn job(job: &Job, link: Option<(&str, Timestamp)>) -> String {
    let Job {
        id,
        tenant: _,
        task,
        priority,
        run_at,
        status,
        progress,
        attempts,
        lease: _,
        cancel_requested,
        checkpoint: _,
        result,
        fault,
        log,
        started_at: _,
        check_at: _,
        created_at,
        updated_at,
        version: _,
    } = job;
    let (kind, report, extraction) = match task {
        Task::Report(report) => ("report", Some(self::report(report)), None),
        Task::Extraction(Extraction { file }) => {
            ("extraction", None, Some(ExtractionView { file_id: file.to_string() }))
        }
    };
    json(&JobView {
        id: id.to_string(),
        kind,
        report,
        extraction,
        priority: priority.as_str(),
        run_at: run_at.map(rfc3339),
        status: status.as_str(),
        progress: *progress,
        attempts: *attempts,
        cancel_requested: *cancel_requested,
        result: result.map(|result| ResultView {
            rows: result.rows,
            size: result.bytes,
            url: link.map(|(url, _)| url),
            expires_at: link.map(|(_, expires_at)| rfc3339(expires_at)),
        }),
        error: fault.map(|fault| ErrorView { code: fault.as_str(), message: message(fault) }),
        log: log.iter().map(|line| LineView { at: rfc3339(line.at), message: &line.message }).collect(),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

fn report(report: &Report) -> ReportView {
    let Report { kind, from, to, format, currency } = report;
    ReportView {
        kind: kind.as_str(),
        from: rfc3339(*from),
        to: rfc3339(*to),
        format: format.as_str(),
        currency: currency.map(|currency| currency.code()),
    }
}

fn message(fault: JobFault) -> &'static str {
    match fault {
        JobFault::TimedOut => "It took longer than a job may.",
        JobFault::GivenUp => "It was tried too often in vain.",
        JobFault::Unreadable => "What it has to read cannot be read; this is ours to mend.",
    }
}

#[derive(Serialize)]
struct QueueView {
    paused: bool,
    running: usize,
}

/// Whether a tenant's jobs begin, and how many run.
pub fn job_line(paused: bool, running: usize) -> String {
    json(&QueueView { paused, running })
}
