//! Schedules: their item and their list.

use async_trait::async_trait;
use domain::cron::Cron;
use domain::ids::{ScheduleId, TenantId};
use domain::job::Priority;
use domain::money::Currency;
use domain::page::{Page, PageRequest};
use domain::schedule::{Occurred, Period, RecurringReport, Schedule, ScheduleStatus};
use domain::task::{ReportFormat, ReportKind};
use domain::text::Description;
use domain::time::Timestamp;
use domain::zone::Zone;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::Schedules;
use serde::{Deserialize, Serialize};

use super::PlatformTable;
use super::key::platform::parse_schedule;
use super::key::{DueKind, IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, ms};

#[async_trait]
impl Schedules for PlatformTable {
    async fn get(
        &self,
        tenant: TenantId,
        id: ScheduleId,
        consistency: Consistency,
    ) -> Result<Option<Schedule>, PortError> {
        self.platform.get("get a schedule", Key::schedule(tenant, id), consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<ScheduleId>,
    ) -> Result<Page<Schedule, ScheduleId>, PortError> {
        let listing = Listing { partition: Partition::schedules(tenant), from: None, to: None, page, filter: None };
        self.platform.page("list schedules", listing).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, ScheduleId)>, PortError> {
        self.platform.due("find due schedules", DueKind::Schedule, now, limit, parse_schedule).await
    }
}

impl Stored for Schedule {
    const KIND: Kind = Kind::Schedule;
    type Record = ScheduleRecord;

    fn key(&self) -> Key {
        Key::schedule(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        IndexKey::schedule_due(self).into_iter().collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ScheduleRecord {
    id: String,
    tenant: String,
    cron: String,
    time_zone: String,
    report: RecurringReportRecord,
    priority: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    status: String,
    done_up_to_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<OccurredRecord>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct RecurringReportRecord {
    kind: String,
    period: String,
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct OccurredRecord {
    at_ms: i64,
    job: String,
}

impl From<&Schedule> for ScheduleRecord {
    fn from(schedule: &Schedule) -> Self {
        let Schedule {
            id,
            tenant,
            cron,
            zone,
            report: RecurringReport { kind, period, format, currency },
            priority,
            description,
            status,
            done_up_to,
            next_at,
            last,
            created_at,
            updated_at,
            version,
        } = schedule;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            cron: cron.as_str().to_owned(),
            time_zone: zone.name().to_owned(),
            report: RecurringReportRecord {
                kind: kind.as_str().to_owned(),
                period: period.as_str().to_owned(),
                format: format.as_str().to_owned(),
                currency: currency.map(|currency| currency.code().to_owned()),
            },
            priority: priority.as_str().to_owned(),
            description: description.as_ref().map(|description| description.as_str().to_owned()),
            status: status.as_str().to_owned(),
            done_up_to_ms: ms(*done_up_to),
            next_at_ms: next_at.map(ms),
            last: last.map(|Occurred { at, job }| OccurredRecord { at_ms: ms(at), job: job.to_string() }),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

const READER: Reader = Reader(Kind::Schedule);

impl TryFrom<ScheduleRecord> for Schedule {
    type Error = Unreadable;

    fn try_from(record: ScheduleRecord) -> Result<Self, Unreadable> {
        let ScheduleRecord {
            id,
            tenant,
            cron,
            time_zone,
            report,
            priority,
            description,
            status,
            done_up_to_ms,
            next_at_ms,
            last,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let description = description.map(|text| READER.valid("description", Description::parse(&text)));
        Ok(Self {
            id: READER.parse("id", &id)?,
            tenant: READER.parse("tenant", &tenant)?,
            cron: READER.valid("cron", Cron::parse(&cron))?,
            zone: READER.valid("time_zone", Zone::parse(&time_zone))?,
            report: report.try_into()?,
            priority: READER.known("priority", Priority::parse(&priority))?,
            description: description.transpose()?,
            status: READER.known("status", ScheduleStatus::parse(&status))?,
            done_up_to: Timestamp::from_ms(done_up_to_ms),
            next_at: next_at_ms.map(Timestamp::from_ms),
            last: last.map(Occurred::try_from).transpose()?,
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}

impl TryFrom<RecurringReportRecord> for RecurringReport {
    type Error = Unreadable;

    fn try_from(record: RecurringReportRecord) -> Result<Self, Unreadable> {
        let RecurringReportRecord { kind, period, format, currency } = record;
        let currency = currency.map(|code| READER.valid("report.currency", Currency::parse(&code)));
        Ok(Self {
            kind: READER.known("report.kind", ReportKind::parse(&kind))?,
            period: READER.known("report.period", Period::parse(&period))?,
            format: READER.known("report.format", ReportFormat::parse(&format))?,
            currency: currency.transpose()?,
        })
    }
}

impl TryFrom<OccurredRecord> for Occurred {
    type Error = Unreadable;

    fn try_from(record: OccurredRecord) -> Result<Self, Unreadable> {
        let OccurredRecord { at_ms, job } = record;
        Ok(Self { at: Timestamp::from_ms(at_ms), job: READER.parse("last.job", &job)? })
    }
}
