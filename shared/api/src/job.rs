//! A job on the wire. The link to its result is beside it, in the answers that have it: an event keeps none, and nothing of
//! what a document says.

use domain::invoice::{Invoice, InvoiceLine};
use domain::job::{Job, JobFault, JobResult, ResultObject};
use domain::schedule::Occurrence;
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
    schedule: Option<OccurrenceView>,
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
struct OccurrenceView {
    id: String,
    occurrence_at: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ResultView<'a> {
    Object(ObjectView<'a>),
    Invoice(InvoiceView<'a>),
}

#[derive(Serialize)]
struct InvoiceView<'a> {
    supplier: &'a str,
    date: String,
    lines: Vec<InvoiceLineView<'a>>,
    total_amount: i64,
    currency: &'static str,
}

#[derive(Serialize)]
struct InvoiceLineView<'a> {
    description: &'a str,
    quantity: serde_json::Number,
    unit_amount: i64,
    amount: i64,
}

#[derive(Serialize)]
struct ObjectView<'a> {
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

/// What of a result is shown.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// That there is one: for events and stored answers.
    Outline,
    /// To whoever may read the job.
    Whole { link: Option<(&'a str, Timestamp)> },
}

pub fn job(job: &Job, shown: Shown<'_>) -> String {
    let Job {
        id,
        tenant: _,
        task,
        occurrence,
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
        schedule: occurrence
            .map(|Occurrence { schedule, at }| OccurrenceView { id: schedule.to_string(), occurrence_at: rfc3339(at) }),
        priority: priority.as_str(),
        run_at: run_at.map(rfc3339),
        status: status.as_str(),
        progress: *progress,
        attempts: *attempts,
        cancel_requested: *cancel_requested,
        result: result.as_ref().and_then(|result| self::result(result, shown)),
        error: fault.map(|fault| ErrorView { code: fault.as_str(), message: message(fault) }),
        log: log.iter().map(|line| LineView { at: rfc3339(line.at), message: &line.message }).collect(),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

fn result<'a>(result: &'a JobResult, shown: Shown<'a>) -> Option<ResultView<'a>> {
    match (result, shown) {
        (JobResult::Object(object), Shown::Outline) => Some(ResultView::Object(self::object(object, None))),
        (JobResult::Object(object), Shown::Whole { link }) => Some(ResultView::Object(self::object(object, link))),
        (JobResult::Invoice(_), Shown::Outline) => None,
        (JobResult::Invoice(invoice), Shown::Whole { link: _ }) => Some(ResultView::Invoice(self::invoice(invoice))),
    }
}

fn object<'a>(object: &ResultObject, link: Option<(&'a str, Timestamp)>) -> ObjectView<'a> {
    let ResultObject { object: _, rows, bytes } = *object;
    ObjectView {
        rows,
        size: bytes,
        url: link.map(|(url, _)| url),
        expires_at: link.map(|(_, expires_at)| rfc3339(expires_at)),
    }
}

fn invoice(invoice: &Invoice) -> InvoiceView<'_> {
    let Invoice { supplier, date, currency, lines, total } = invoice;
    InvoiceView {
        supplier: supplier.as_str(),
        date: date.to_string(),
        lines: lines.iter().map(invoice_line).collect(),
        total_amount: *total,
        currency: currency.code(),
    }
}

fn invoice_line(line: &InvoiceLine) -> InvoiceLineView<'_> {
    let InvoiceLine { description, quantity, unit_amount, amount } = line;
    InvoiceLineView {
        description: description.as_str(),
        quantity: quantity_number(quantity.thousandths()),
        unit_amount: *unit_amount,
        amount: *amount,
    }
}

/// 1500 is written 1.5: no sum is made of it, and a double keeps three places of any quantity there can be.
fn quantity_number(thousandths: i64) -> serde_json::Number {
    if thousandths % 1_000 == 0 {
        return (thousandths / 1_000).into();
    }
    serde_json::Number::from_f64(thousandths as f64 / 1_000.0).unwrap_or_else(|| thousandths.into())
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
        JobFault::TooManyRows => "It has more rows than this format is for; take csv, or a shorter period.",
        JobFault::FileGone => "The file was deleted before it was read.",
        JobFault::DocumentRefused => "The model does not take the document: it is too long, broken, or without text.",
        JobFault::AnswerRefused => {
            "What the model has read does not add up; the job's log says in what. Nothing is shown of it."
        }
        JobFault::BudgetExhausted => "It may cost more than is left of what may be spent on models in this month.",
        JobFault::NoModel => "There is no model to read documents in this environment.",
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
