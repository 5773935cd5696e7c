//! Statements of providers: their head, their list and what the sweeper asks for. Lines and differences are
//! `statement_page.rs`.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use domain::ids::{StatementId, TenantId};
use domain::money::Currency;
use domain::page::{Page, PageRequest};
use domain::statement::{
    Counts, Difference, DifferenceKind, Period, Statement, StatementFailure, StatementLine, StatementStatus,
};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::statement::Statements;
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::{DueKind, IndexKey, Key, Partition, parse_statement};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, ms};

#[async_trait]
impl Statements for CommerceTable {
    async fn get(
        &self,
        tenant: TenantId,
        id: StatementId,
        consistency: Consistency,
    ) -> Result<Option<Statement>, PortError> {
        self.0.get("get a statement", Key::statement(tenant, id), consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        page: PageRequest<StatementId>,
    ) -> Result<Page<Statement, StatementId>, PortError> {
        let partition = Partition::statements(tenant);
        self.0.page("list statements", Listing { partition, from: None, to: None, page, filter: None }).await
    }

    async fn lines(&self, tenant: TenantId, id: StatementId) -> Result<Vec<StatementLine>, PortError> {
        self.statement_lines(tenant, id).await
    }

    async fn differences(
        &self,
        tenant: TenantId,
        id: StatementId,
        range: Range<u32>,
    ) -> Result<Vec<Difference>, PortError> {
        self.statement_differences(tenant, id, range).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, StatementId)>, PortError> {
        self.0.due("find due statements", DueKind::Statement, now, limit, parse_statement).await
    }
}

impl Stored for Statement {
    const KIND: Kind = Kind::Statement;
    type Record = StatementRecord;

    fn key(&self) -> Key {
        Key::statement(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        IndexKey::statement_due(self).into_iter().collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StatementRecord {
    id: String,
    tenant: String,
    provider: String,
    from_ms: i64,
    to_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    lines: u32,
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counts: Option<CountsRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct CountsRecord {
    matched: u32,
    not_compared: u32,
    differences: BTreeMap<String, u32>,
}

impl From<&Counts> for CountsRecord {
    fn from(counts: &Counts) -> Self {
        let Counts { matched, not_compared, differences } = counts;
        let differences = differences.iter().map(|(kind, count)| (kind.as_str().to_owned(), *count)).collect();
        Self { matched: *matched, not_compared: *not_compared, differences }
    }
}

impl CountsRecord {
    fn read(self, reader: Reader) -> Result<Counts, Unreadable> {
        let Self { matched, not_compared, differences } = self;
        let counted = |(kind, count): (String, u32)| Ok((reader.known("counts", DifferenceKind::parse(&kind))?, count));
        let differences = differences.into_iter().map(counted).collect::<Result<_, _>>()?;
        Ok(Counts { matched, not_compared, differences })
    }
}

impl From<&Statement> for StatementRecord {
    fn from(statement: &Statement) -> Self {
        let Statement {
            id,
            tenant,
            provider,
            period: Period { from, to },
            currency,
            lines,
            status,
            counts,
            failure,
            check_at,
            created_at,
            updated_at,
            version,
        } = statement;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            provider: provider.as_str().to_owned(),
            from_ms: ms(*from),
            to_ms: ms(*to),
            currency: currency.map(|currency| currency.code().to_owned()),
            lines: *lines,
            status: status.as_str().to_owned(),
            counts: counts.as_ref().map(CountsRecord::from),
            failure: failure.map(|failure| failure.as_str().to_owned()),
            check_at_ms: check_at.map(ms),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<StatementRecord> for Statement {
    type Error = Unreadable;

    fn try_from(record: StatementRecord) -> Result<Self, Unreadable> {
        let StatementRecord {
            id,
            tenant,
            provider,
            from_ms,
            to_ms,
            currency,
            lines,
            status,
            counts,
            failure,
            check_at_ms,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::Statement);
        let currency = currency.map(|code| reader.valid("currency", Currency::parse(&code))).transpose()?;
        let failure = failure.map(|code| reader.known("failure", StatementFailure::parse(&code))).transpose()?;
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            provider: reader.parse("provider", &provider)?,
            period: Period { from: Timestamp::from_ms(from_ms), to: Timestamp::from_ms(to_ms) },
            currency,
            lines,
            status: reader.known("status", StatementStatus::parse(&status))?,
            counts: counts.map(|counts| counts.read(reader)).transpose()?,
            failure,
            check_at: check_at_ms.map(Timestamp::from_ms),
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
