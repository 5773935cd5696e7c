//! Dead letters: their item, their lists and how many wait.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::Select;
use domain::dead_letter::{DeadLetter, DeadLetterStatus, Death};
use domain::event::Queue;
use domain::ids::{DeadLetterId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use futures_util::future::try_join_all;
use ports::commerce::Consistency;
use ports::platform::DeadLetters;
use ports::{PortError, PortErrorKind};
use serde::{Deserialize, Serialize};

use super::due::{due_until, text_of};
use super::key::platform::{after_death, parse_dead_letter, parse_death};
use super::key::{DueKind, Index, IndexKey, Key, PARTITION, Partition, SORT};
use super::query::{Bounds, Listing};
use super::record::{Kind, Reader, Stored, Unreadable, ms};
use super::{Attributes, PlatformTable};
use crate::error::port_error;

/// Of one queue's letters. Beyond that the count is too low.
const COUNTED_PAGES_MAX: usize = 10;

#[async_trait]
impl DeadLetters for PlatformTable {
    async fn get(&self, tenant: TenantId, id: DeadLetterId) -> Result<Option<DeadLetter>, PortError> {
        self.platform.get("get a dead letter", Key::dead_letter(tenant, id), Consistency::Strong).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        queue: Option<Queue>,
        page: PageRequest<DeadLetterId>,
    ) -> Result<Page<DeadLetter, DeadLetterId>, PortError> {
        let partition = match queue {
            None => Partition::dead_letters(tenant),
            Some(queue) => Partition::dead_letters_of(tenant, queue),
        };
        self.platform.page("list dead letters", Listing { partition, from: None, to: None, page, filter: None }).await
    }

    /// All queues at once, each by a Query for each megabyte that its letters have, [`COUNTED_PAGES_MAX`] at most.
    async fn counts(&self, tenant: TenantId) -> Result<BTreeMap<Queue, u64>, PortError> {
        let count = async |queue| {
            let (mut counted, mut start) = (0, None);
            for _ in 0..COUNTED_PAGES_MAX {
                let query = self.platform.query(&Partition::dead_letters_of(tenant, queue), Bounds::default());
                let answer = query.select(Select::Count).set_exclusive_start_key(start).send().await;
                let answer = answer.map_err(|error| port_error("count dead letters", error))?;
                counted += u64::try_from(answer.count).unwrap_or(0);
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
            Ok::<_, PortError>((queue, counted))
        };
        let counts = try_join_all(Queue::ALL.into_iter().map(count)).await?;
        Ok(counts.into_iter().filter(|(_, count)| *count > 0).collect())
    }

    async fn waiting(
        &self,
        until: Timestamp,
        page: PageRequest<Death>,
    ) -> Result<Page<(TenantId, DeadLetterId), Death>, PortError> {
        const OPERATION: &str = "find dead letters";
        let PageRequest { limit, after } = page;
        let bounds = Bounds { from: after.map(after_death), ..due_until(until) };
        if bounds.from.as_ref().zip(bounds.before.as_ref()).is_some_and(|(from, before)| from >= before) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let entries = self.platform.due_entries(OPERATION, DueKind::DeadLetter, bounds, limit.get() + 1).await?;
        let (_, due_sort) = Index::Due.attributes();
        let corrupt = || PortError::new(PortErrorKind::Corrupt, OPERATION);
        let place_of = |entry: &Attributes| parse_dead_letter(text_of(entry, PARTITION)?, text_of(entry, SORT)?);
        let shown = entries.iter().take(limit.get());
        let items = shown.map(|entry| place_of(entry).ok_or_else(corrupt)).collect::<Result<_, _>>()?;
        let last = entries.get(limit.get() - 1).filter(|_| entries.len() > limit.get());
        let death_of = |entry| text_of(entry, due_sort).and_then(parse_death).ok_or_else(corrupt);
        Ok(Page { items, next: last.map(death_of).transpose()? })
    }
}

impl Stored for DeadLetter {
    const KIND: Kind = Kind::DeadLetter;
    type Record = DeadLetterRecord;

    fn key(&self) -> Key {
        Key::dead_letter(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        IndexKey::dead_letter_waiting(self)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Self::expires_at(self))
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct DeadLetterRecord {
    id: String,
    tenant: String,
    queue: String,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    receive_count: u32,
    deaths: u32,
    died_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redriven_at_ms: Option<i64>,
    version: u64,
}

impl From<&DeadLetter> for DeadLetterRecord {
    fn from(letter: &DeadLetter) -> Self {
        let DeadLetter {
            id,
            tenant,
            queue,
            body,
            kind,
            subject,
            trace,
            status,
            reason,
            receive_count,
            deaths,
            died_at,
            redriven_at,
            version,
        } = letter;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            queue: queue.as_str().to_owned(),
            body: body.clone(),
            about_kind: kind.clone(),
            subject: subject.clone(),
            trace: trace.clone(),
            status: status.as_str().to_owned(),
            reason: reason.clone(),
            receive_count: *receive_count,
            deaths: *deaths,
            died_at_ms: ms(*died_at),
            redriven_at_ms: redriven_at.map(ms),
            version: *version,
        }
    }
}

impl TryFrom<DeadLetterRecord> for DeadLetter {
    type Error = Unreadable;

    fn try_from(record: DeadLetterRecord) -> Result<Self, Unreadable> {
        let DeadLetterRecord {
            id,
            tenant,
            queue,
            body,
            about_kind,
            subject,
            trace,
            status,
            reason,
            receive_count,
            deaths,
            died_at_ms,
            redriven_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::DeadLetter);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            queue: reader.known("queue", Queue::parse(&queue))?,
            body,
            kind: about_kind,
            subject,
            trace,
            status: reader.known("status", DeadLetterStatus::parse(&status))?,
            reason,
            receive_count,
            deaths,
            died_at: Timestamp::from_ms(died_at_ms),
            redriven_at: redriven_at_ms.map(Timestamp::from_ms),
            version,
        })
    }
}
