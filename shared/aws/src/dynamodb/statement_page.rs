//! A statement's lines and differences: items of many at once, numbered in their order, so that a statement is written in
//! one transaction and any part of it is read by one query.

use std::ops::Range;

use domain::ids::{StatementId, TenantId};
use domain::money::Currency;
use domain::statement::{Difference, DifferenceKind, LineKind, Movement, Ours, StatementLine};
use domain::time::Timestamp;
use ports::statement::DIFFERENCES_MAX;
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::{Key, Partition, statement_page};
use super::query::Bounds;
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};

/// A line is 0.3 KB at most, an item 400 KB.
const LINES_EACH: usize = 250;
const DIFFERENCES_EACH: usize = DIFFERENCES_MAX as usize;

/// What a page is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) tenant: TenantId,
    pub(super) statement: StatementId,
}

pub(super) struct LinesPage {
    place: Place,
    number: u32,
    lines: Vec<StatementLine>,
}

pub(super) struct DifferencesPage {
    place: Place,
    number: u32,
    differences: Vec<Difference>,
}

impl LinesPage {
    pub(super) fn all(place: Place, lines: &[StatementLine]) -> impl Iterator<Item = Self> {
        (0..).zip(lines.chunks(LINES_EACH)).map(move |(number, lines)| Self { place, number, lines: lines.to_vec() })
    }
}

impl DifferencesPage {
    pub(super) fn all(place: Place, differences: &[Difference]) -> impl Iterator<Item = Self> {
        let pages = (0..).zip(differences.chunks(DIFFERENCES_EACH));
        pages.map(move |(number, differences)| Self { place, number, differences: differences.to_vec() })
    }
}

impl CommerceTable {
    pub(super) async fn statement_lines(
        &self,
        tenant: TenantId,
        id: StatementId,
    ) -> Result<Vec<StatementLine>, PortError> {
        let partition = Partition::statement_lines(tenant, id);
        let items = self.ascending("read a statement", partition, Bounds::default(), usize::from(u8::MAX)).await?;
        let mut lines = Vec::new();
        for item in items {
            lines.extend(decode::<LinesPage>(item)?.lines);
        }
        Ok(lines)
    }

    pub(super) async fn statement_differences(
        &self,
        tenant: TenantId,
        id: StatementId,
        range: Range<u32>,
    ) -> Result<Vec<Difference>, PortError> {
        const OPERATION: &str = "read differences";
        if range.is_empty() {
            return Ok(Vec::new());
        }
        if range.end - range.start > DIFFERENCES_MAX {
            return Err(PortError::new(PortErrorKind::Rejected, OPERATION));
        }
        let (first, last) = (range.start / DIFFERENCES_MAX, (range.end - 1) / DIFFERENCES_MAX);
        let bounds = Bounds { from: Some(statement_page(first)), before: Some(statement_page(last + 1)) };
        let pages = (last - first + 1) as usize;
        let items = self.ascending(OPERATION, Partition::differences(tenant, id), bounds, pages).await?;
        let mut differences = Vec::new();
        for item in items {
            differences.extend(decode::<DifferencesPage>(item)?.differences);
        }
        let before = (range.start - first * DIFFERENCES_MAX) as usize;
        Ok(differences.into_iter().skip(before).take(range.len()).collect())
    }
}

impl Stored for LinesPage {
    const KIND: Kind = Kind::StatementLines;
    type Record = LinesRecord;

    fn key(&self) -> Key {
        Key::statement_lines(self.place.tenant, self.place.statement, self.number)
    }
}

impl Stored for DifferencesPage {
    const KIND: Kind = Kind::Differences;
    type Record = DifferencesRecord;

    fn key(&self) -> Key {
        Key::differences(self.place.tenant, self.place.statement, self.number)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LinesRecord {
    tenant: String,
    statement: String,
    number: u32,
    lines: Vec<LineRecord>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DifferencesRecord {
    tenant: String,
    statement: String,
    number: u32,
    differences: Vec<DifferenceRecord>,
}

#[derive(Serialize, Deserialize)]
struct LineRecord {
    number: u32,
    kind: String,
    reference: String,
    amount: i64,
    currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at_ms: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct DifferenceRecord {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<LineRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ours: Option<OursRecord>,
}

#[derive(Serialize, Deserialize)]
struct OursRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    movement: Option<MovementRecord>,
}

#[derive(Serialize, Deserialize)]
struct MovementRecord {
    transaction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
    amount: i64,
    currency: String,
    posted_at_ms: i64,
}

impl From<&LinesPage> for LinesRecord {
    fn from(page: &LinesPage) -> Self {
        let LinesPage { place: Place { tenant, statement }, number, lines } = page;
        let lines = lines.iter().map(LineRecord::from).collect();
        Self { tenant: tenant.to_string(), statement: statement.to_string(), number: *number, lines }
    }
}

impl TryFrom<LinesRecord> for LinesPage {
    type Error = Unreadable;

    fn try_from(record: LinesRecord) -> Result<Self, Unreadable> {
        let LinesRecord { tenant, statement, number, lines } = record;
        let reader = Reader(Kind::StatementLines);
        let place =
            Place { tenant: reader.parse("tenant", &tenant)?, statement: reader.parse("statement", &statement)? };
        let lines = lines.into_iter().map(|line| line.read(reader)).collect::<Result<_, _>>()?;
        Ok(Self { place, number, lines })
    }
}

impl From<&DifferencesPage> for DifferencesRecord {
    fn from(page: &DifferencesPage) -> Self {
        let DifferencesPage { place: Place { tenant, statement }, number, differences } = page;
        let differences = differences.iter().map(DifferenceRecord::from).collect();
        Self { tenant: tenant.to_string(), statement: statement.to_string(), number: *number, differences }
    }
}

impl TryFrom<DifferencesRecord> for DifferencesPage {
    type Error = Unreadable;

    fn try_from(record: DifferencesRecord) -> Result<Self, Unreadable> {
        let DifferencesRecord { tenant, statement, number, differences } = record;
        let reader = Reader(Kind::Differences);
        let place =
            Place { tenant: reader.parse("tenant", &tenant)?, statement: reader.parse("statement", &statement)? };
        let differences = differences.into_iter().map(|it| it.read(reader)).collect::<Result<_, _>>()?;
        Ok(Self { place, number, differences })
    }
}

impl From<&StatementLine> for LineRecord {
    fn from(line: &StatementLine) -> Self {
        let StatementLine { number, kind, reference, amount, currency, occurred_at } = line;
        Self {
            number: *number,
            kind: kind.as_str().to_owned(),
            reference: reference.to_string(),
            amount: *amount,
            currency: currency.code().to_owned(),
            occurred_at_ms: occurred_at.map(ms),
        }
    }
}

impl LineRecord {
    fn read(self, reader: Reader) -> Result<StatementLine, Unreadable> {
        let Self { number, kind, reference, amount, currency, occurred_at_ms } = self;
        Ok(StatementLine {
            number,
            kind: reader.known("kind", LineKind::parse(&kind))?,
            reference: reader.parse("reference", &reference)?,
            amount,
            currency: reader.valid("currency", Currency::parse(&currency))?,
            occurred_at: occurred_at_ms.map(Timestamp::from_ms),
        })
    }
}

impl From<&Difference> for DifferenceRecord {
    fn from(difference: &Difference) -> Self {
        let Difference { kind, line, ours } = difference;
        Self {
            kind: kind.as_str().to_owned(),
            line: line.as_ref().map(LineRecord::from),
            ours: ours.as_ref().map(OursRecord::from),
        }
    }
}

impl DifferenceRecord {
    fn read(self, reader: Reader) -> Result<Difference, Unreadable> {
        let Self { kind, line, ours } = self;
        Ok(Difference {
            kind: reader.known("kind", DifferenceKind::parse(&kind))?,
            line: line.map(|line| line.read(reader)).transpose()?,
            ours: ours.map(|ours| ours.read(reader)).transpose()?,
        })
    }
}

impl From<&Ours> for OursRecord {
    fn from(ours: &Ours) -> Self {
        let Ours { source, movement } = ours;
        Self { source: source.map(|source| source.to_string()), movement: movement.as_ref().map(MovementRecord::from) }
    }
}

impl OursRecord {
    fn read(self, reader: Reader) -> Result<Ours, Unreadable> {
        let Self { source, movement } = self;
        let movement = movement.map(|movement| movement.read(reader)).transpose()?;
        Ok(Ours { source: reader.parse_optional("source", source.as_deref())?, movement })
    }
}

impl From<&Movement> for MovementRecord {
    fn from(movement: &Movement) -> Self {
        let Movement { transaction, payment, amount, currency, posted_at } = movement;
        Self {
            transaction: transaction.to_string(),
            payment: payment.map(|payment| payment.to_string()),
            amount: *amount,
            currency: currency.code().to_owned(),
            posted_at_ms: ms(*posted_at),
        }
    }
}

impl MovementRecord {
    fn read(self, reader: Reader) -> Result<Movement, Unreadable> {
        let Self { transaction, payment, amount, currency, posted_at_ms } = self;
        Ok(Movement {
            transaction: reader.parse("transaction", &transaction)?,
            payment: reader.parse_optional("payment", payment.as_deref())?,
            amount,
            currency: reader.valid("currency", Currency::parse(&currency))?,
            posted_at: Timestamp::from_ms(posted_at_ms),
        })
    }
}
