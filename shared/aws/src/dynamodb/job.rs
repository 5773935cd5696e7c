//! Jobs: their item and their lists.

use async_trait::async_trait;
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobFault, JobResult, JobStatus, Lease, LogLine, Priority, ResultObject};
use domain::money::Currency;
use domain::page::{Page, PageRequest};
use domain::schedule::Occurrence;
use domain::task::{Extraction, Report, ReportFormat, ReportKind, Task};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::{Jobs, Line};
use serde::{Deserialize, Serialize};

use super::PlatformTable;
use super::job_invoice::InvoiceRecord;
use super::key::platform::parse_job;
use super::key::{DueKind, IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, ms};

#[async_trait]
impl Jobs for PlatformTable {
    async fn get(&self, tenant: TenantId, id: JobId, consistency: Consistency) -> Result<Option<Job>, PortError> {
        self.platform.get("get a job", Key::job(tenant, id), consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        status: Option<JobStatus>,
        page: PageRequest<JobId>,
    ) -> Result<Page<Job, JobId>, PortError> {
        let partition = match status {
            None => Partition::jobs(tenant),
            Some(status) => Partition::jobs_with_status(tenant, status),
        };
        self.platform.page("list jobs", Listing { partition, from: None, to: None, page, filter: None }).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, JobId)>, PortError> {
        self.platform.due("find due jobs", DueKind::Job, now, limit, parse_job).await
    }

    async fn line(&self, tenant: TenantId) -> Result<Line, PortError> {
        self.job_line(tenant).await
    }
}

impl Stored for Job {
    const KIND: Kind = Kind::Job;
    type Record = JobRecord;

    fn key(&self) -> Key {
        Key::job(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        std::iter::once(IndexKey::job_status(self)).chain(IndexKey::job_due(self)).collect()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Self::expires_at(self)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct JobRecord {
    id: String,
    tenant: String,
    /// One of the two: what is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<ReportRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extraction: Option<ExtractionRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurrence: Option<OccurrenceRecord>,
    /// Of jobs from before there was one: normal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run_at_ms: Option<i64>,
    status: String,
    progress: u8,
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseRecord>,
    cancel_requested: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<ResultRecord>,
    /// The result of an extraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invoice: Option<InvoiceRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    log: Vec<LineRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct ReportRecord {
    kind: String,
    from_ms: i64,
    to_ms: i64,
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct ExtractionRecord {
    file: String,
}

#[derive(Serialize, Deserialize)]
struct OccurrenceRecord {
    schedule: String,
    at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct LeaseRecord {
    number: u64,
    ends_at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct ResultRecord {
    object: u64,
    rows: u64,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct LineRecord {
    at_ms: i64,
    message: String,
}

impl From<&Job> for JobRecord {
    fn from(job: &Job) -> Self {
        let Job {
            id,
            tenant,
            task,
            occurrence,
            priority,
            run_at,
            status,
            progress,
            attempts,
            lease,
            cancel_requested,
            checkpoint,
            result,
            fault,
            log,
            started_at,
            check_at,
            created_at,
            updated_at,
            version,
        } = job;
        let (report, extraction) = match task {
            Task::Report(report) => (Some(report.into()), None),
            Task::Extraction(Extraction { file }) => (None, Some(ExtractionRecord { file: file.to_string() })),
        };
        let (result, invoice) = match result {
            None => (None, None),
            Some(JobResult::Object(ResultObject { object, rows, bytes })) => {
                (Some(ResultRecord { object: *object, rows: *rows, bytes: *bytes }), None)
            }
            Some(JobResult::Invoice(invoice)) => (None, Some(invoice.into())),
        };
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            report,
            extraction,
            occurrence: occurrence.as_ref().map(OccurrenceRecord::from),
            priority: Some(priority.as_str().to_owned()),
            run_at_ms: run_at.map(ms),
            status: status.as_str().to_owned(),
            progress: *progress,
            attempts: *attempts,
            lease: lease.map(|Lease { number, ends_at }| LeaseRecord { number, ends_at_ms: ms(ends_at) }),
            cancel_requested: *cancel_requested,
            checkpoint: checkpoint.clone(),
            result,
            invoice,
            fault: fault.map(|fault| fault.as_str().to_owned()),
            log: log
                .iter()
                .map(|LogLine { at, message }| LineRecord { at_ms: ms(*at), message: message.clone() })
                .collect(),
            started_at_ms: started_at.map(ms),
            check_at_ms: check_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<JobRecord> for Job {
    type Error = Unreadable;

    fn try_from(record: JobRecord) -> Result<Self, Unreadable> {
        let JobRecord {
            id,
            tenant,
            report,
            extraction,
            occurrence,
            priority,
            run_at_ms,
            status,
            progress,
            attempts,
            lease,
            cancel_requested,
            checkpoint,
            result,
            invoice,
            fault,
            log,
            started_at_ms,
            check_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Job);
        let at = Timestamp::from_ms;
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            task: task(reader, report, extraction)?,
            occurrence: occurrence.map(|occurrence| occurrence.read(reader)).transpose()?,
            priority: priority.map_or(Ok(Priority::Normal), |text| reader.known("priority", Priority::parse(&text)))?,
            run_at: run_at_ms.map(at),
            status: reader.known("status", JobStatus::parse(&status))?,
            progress,
            attempts,
            lease: lease.map(|LeaseRecord { number, ends_at_ms }| Lease { number, ends_at: at(ends_at_ms) }),
            cancel_requested,
            checkpoint,
            result: self::result(reader, result, invoice)?,
            fault: fault.map(|text| reader.known("fault", JobFault::parse(&text))).transpose()?,
            log: log.into_iter().map(|LineRecord { at_ms, message }| LogLine { at: at(at_ms), message }).collect(),
            started_at: started_at_ms.map(at),
            check_at: check_at_ms.map(at),
            created_at: at(created_at_ms),
            updated_at: at(updated_at_ms),
            version,
        })
    }
}

fn result(
    reader: Reader,
    object: Option<ResultRecord>,
    invoice: Option<InvoiceRecord>,
) -> Result<Option<JobResult>, Unreadable> {
    match (object, invoice) {
        (None, None) => Ok(None),
        (Some(ResultRecord { object, rows, bytes }), None) => {
            Ok(Some(JobResult::Object(ResultObject { object, rows, bytes })))
        }
        (None, Some(invoice)) => Ok(Some(JobResult::Invoice(invoice.read(reader)?))),
        (Some(_), Some(_)) => reader.known("result", None),
    }
}

fn task(
    reader: Reader,
    report: Option<ReportRecord>,
    extraction: Option<ExtractionRecord>,
) -> Result<Task, Unreadable> {
    match (report, extraction) {
        (Some(report), None) => Ok(Task::Report(report.read(reader)?)),
        (None, Some(ExtractionRecord { file })) => {
            Ok(Task::Extraction(Extraction { file: reader.parse("extraction.file", &file)? }))
        }
        (None, None) | (Some(_), Some(_)) => reader.known("task", None),
    }
}

impl From<&Occurrence> for OccurrenceRecord {
    fn from(occurrence: &Occurrence) -> Self {
        let Occurrence { schedule, at } = occurrence;
        Self { schedule: schedule.to_string(), at_ms: ms(*at) }
    }
}

impl OccurrenceRecord {
    fn read(self, reader: Reader) -> Result<Occurrence, Unreadable> {
        let Self { schedule, at_ms } = self;
        Ok(Occurrence { schedule: reader.parse("occurrence.schedule", &schedule)?, at: Timestamp::from_ms(at_ms) })
    }
}

impl From<&Report> for ReportRecord {
    fn from(report: &Report) -> Self {
        let Report { kind, from, to, format, currency } = report;
        Self {
            kind: kind.as_str().to_owned(),
            from_ms: ms(*from),
            to_ms: ms(*to),
            format: format.as_str().to_owned(),
            currency: currency.map(|currency| currency.code().to_owned()),
        }
    }
}

impl ReportRecord {
    fn read(self, reader: Reader) -> Result<Report, Unreadable> {
        let Self { kind, from_ms, to_ms, format, currency } = self;
        Ok(Report {
            kind: reader.known("report.kind", ReportKind::parse(&kind))?,
            from: Timestamp::from_ms(from_ms),
            to: Timestamp::from_ms(to_ms),
            format: reader.known("report.format", ReportFormat::parse(&format))?,
            currency: currency.map(|code| reader.valid("report.currency", Currency::parse(&code))).transpose()?,
        })
    }
}
