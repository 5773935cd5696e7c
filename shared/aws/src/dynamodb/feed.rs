//! Feeds: one item a block, found by number, which is given once.

use async_trait::async_trait;
use domain::event::EventType;
use domain::feed::{FeedBlock, Told};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::PortError;
use ports::realtime::Feeds;
use serde::{Deserialize, Serialize};

use super::PlatformTable;
use super::key::{Key, Partition};
use super::query::Bounds;
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};
use crate::error::port_error;

#[async_trait]
impl Feeds for PlatformTable {
    async fn newest(&self, tenant: TenantId, limit: usize) -> Result<Vec<FeedBlock>, PortError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX).max(1);
        let request = self.platform.query(&Partition::feed(tenant), Bounds::default());
        let answer = request.consistent_read(true).scan_index_forward(false).limit(limit).send().await;
        let answer = answer.map_err(|error| port_error("read the head of a feed", error))?;
        answer.items.unwrap_or_default().into_iter().map(decode).collect()
    }

    async fn from(&self, tenant: TenantId, number: u64, limit: usize) -> Result<Vec<FeedBlock>, PortError> {
        let bounds = Bounds { from: Some(Key::feed_number(number)), before: None };
        self.platform.oldest_first("read a feed", Partition::feed(tenant), bounds, limit).await
    }

    /// A number is given once: blocks have no versions.
    async fn append(&self, block: &FeedBlock) -> Result<bool, PortError> {
        self.platform.put_next("append to a feed", block, 1).await
    }
}

impl Stored for FeedBlock {
    const KIND: Kind = Kind::FeedBlock;
    type Record = FeedBlockRecord;

    fn key(&self) -> Key {
        Key::feed_block(self.tenant, self.number)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Self::expires_at(self))
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FeedBlockRecord {
    tenant: String,
    number: u64,
    events: Vec<ToldRecord>,
    begins_after: String,
    up_to: String,
    written_at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct ToldRecord {
    event: String,
    #[serde(rename = "type")]
    event_type: String,
}

impl From<&FeedBlock> for FeedBlockRecord {
    fn from(block: &FeedBlock) -> Self {
        let FeedBlock { tenant, number, events, begins_after, up_to, written_at } = block;
        let told =
            |Told { event, kind }: &Told| ToldRecord { event: event.to_string(), event_type: kind.as_str().to_owned() };
        Self {
            tenant: tenant.to_string(),
            number: *number,
            events: events.iter().map(told).collect(),
            begins_after: begins_after.to_string(),
            up_to: up_to.to_string(),
            written_at_ms: ms(*written_at),
        }
    }
}

impl TryFrom<FeedBlockRecord> for FeedBlock {
    type Error = Unreadable;

    fn try_from(record: FeedBlockRecord) -> Result<Self, Unreadable> {
        let FeedBlockRecord { tenant, number, events, begins_after, up_to, written_at_ms } = record;
        let reader = Reader(Kind::FeedBlock);
        let told = |ToldRecord { event, event_type }: ToldRecord| {
            let kind = reader.known("type", EventType::parse(&event_type))?;
            Ok(Told { event: reader.parse("event", &event)?, kind })
        };
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            number,
            events: events.into_iter().map(told).collect::<Result<_, _>>()?,
            begins_after: reader.parse("begins_after", &begins_after)?,
            up_to: reader.parse("up_to", &up_to)?,
            written_at: Timestamp::from_ms(written_at_ms),
        })
    }
}
