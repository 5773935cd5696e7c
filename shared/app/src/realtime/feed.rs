//! Writing and reading a tenant's feed. Event ids are made before their transactions are written, so the log may get one
//! before one that it has; the feed puts each behind what was told already, once.

use std::time::Duration;

use domain::event::{Event, KEPT_FOR};
use domain::feed::{BLOCK_EVENTS_MAX, FeedBlock, FeedPlace, Told};
use domain::ids::{EventId, TenantId};
use ports::PortError;
use ports::commerce::Events;
use ports::realtime::Feeds;

use crate::Context;
use crate::work::WorkError;

/// The newest blocks are read together: mostly what is looked for is in one of them.
const RECENT: usize = 8;
/// How many blocks are read at once behind a place.
const PER_READ: usize = 20;
/// How many blocks without an event are passed over on the way back to the last event.
const EMPTY_MAX: u64 = 8;
/// How many reads look for an event that is not in the first block where it may be.
const READS_MAX: usize = 100;
/// Bounds what one message may do: so many blocks are written at most.
const ROUNDS_MAX: usize = 100;
/// A feed begins with what is so old: a transaction that is under way then has ended or has been given up, though it takes a
/// minute and the clocks of its instance and of this one are both off.
const BEGINS_BEFORE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy)]
pub struct Feeding<'a> {
    pub feeds: &'a dyn Feeds,
    pub events: &'a dyn Events,
}

/// Where somebody who comes back goes on.
pub(super) enum Resumed {
    At(FeedPlace),
    /// The log has lost it, or it was before anybody listened.
    TooOld,
    Unknown,
}

/// Where an event is that was taken in.
pub(super) enum Taken {
    /// With the place behind it.
    In(FeedPlace),
    /// The feed begins behind it.
    Before,
    NobodyListens,
}

/// Sees to it that an event has its place, and what the log has before it.
pub(super) async fn take_in(
    context: &Context<'_>,
    on: Feeding<'_>,
    tenant: TenantId,
    told: Told,
) -> Result<Taken, WorkError> {
    for _ in 0..ROUNDS_MAX {
        let recent = on.feeds.newest(tenant, RECENT).await?;
        let Some(head) = recent.first() else { return Ok(Taken::NobodyListens) };
        if told.event <= head.begins_after {
            return Ok(Taken::Before);
        }
        if told.event > head.up_to {
            match read_on(context, on, head).await? {
                Read::Written(block) => match block.behind(told.event) {
                    Some(place) => return Ok(Taken::In(place)),
                    None => continue,
                },
                Read::Overtaken => continue,
                Read::Nothing => {
                    return Err(WorkError::Retry { reason: "the event is not readable yet", source: None });
                }
            }
        }
        if let Some(place) = find(on, &recent, tenant, told.event).await? {
            return Ok(Taken::In(place));
        }
        let late = head.followed_by(vec![told], told.event, context.now());
        if on.feeds.append(&late).await? {
            return Ok(Taken::In(late.end()));
        }
    }
    Err(WorkError::contended())
}

/// Takes in whatever the log has. `false` when there is more than one message may do.
pub(super) async fn catch_up(context: &Context<'_>, on: Feeding<'_>, tenant: TenantId) -> Result<bool, WorkError> {
    for _ in 0..ROUNDS_MAX {
        let newest = on.feeds.newest(tenant, 1).await?;
        let Some(head) = newest.first() else { return Ok(true) };
        if matches!(read_on(context, on, head).await?, Read::Nothing) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What comes behind a place, with the place behind each. Empty when that is all there is.
pub(super) async fn behind(
    on: Feeding<'_>,
    tenant: TenantId,
    place: FeedPlace,
) -> Result<Vec<(FeedPlace, Told)>, PortError> {
    let blocks = on.feeds.from(tenant, place.block, PER_READ).await?;
    Ok(blocks.iter().flat_map(|block| block.after(place)).collect())
}

/// The place behind an event, or else behind everything. Begins the feed where there is none.
pub(super) async fn resume(
    context: &Context<'_>,
    on: Feeding<'_>,
    tenant: TenantId,
    after: Option<EventId>,
) -> Result<Resumed, WorkError> {
    let Some(after) = after else {
        begun(context, on, tenant, EventId::floor_at(context.now())).await?;
        if !catch_up(context, on, tenant).await? {
            return Err(WorkError::contended());
        }
        let newest = on.feeds.newest(tenant, 1).await?;
        return Ok(newest.first().map_or(Resumed::Unknown, |head| Resumed::At(head.end())));
    };
    if after < EventId::floor_at(context.now().minus(KEPT_FOR)) {
        return Ok(Resumed::TooOld);
    }
    let newest = on.feeds.newest(tenant, 1).await?;
    if newest.first().is_some_and(|head| head.begins_after == after) {
        return Ok(Resumed::At(FeedPlace::default()));
    }
    let event = event(on, tenant, after).await?.filter(|event| event.kind.is_public());
    let Some(event) = event else { return Ok(Resumed::Unknown) };
    let head = begun(context, on, tenant, after).await?;
    if after == head.begins_after {
        return Ok(Resumed::At(FeedPlace::default()));
    }
    Ok(match take_in(context, on, tenant, Told { event: after, kind: event.kind }).await? {
        Taken::In(place) => Resumed::At(place),
        Taken::Before => Resumed::TooOld,
        Taken::NobodyListens => Resumed::Unknown,
    })
}

/// The event before a place, or what the feed begins behind: who is cut off before they hear of anything goes on from there.
pub(super) async fn before(on: Feeding<'_>, tenant: TenantId, place: FeedPlace) -> Result<Option<EventId>, PortError> {
    let blocks = on.feeds.from(tenant, place.block.saturating_sub(EMPTY_MAX), PER_READ).await?;
    let last_told = |block: &FeedBlock| {
        let done = if block.number == place.block { place.events } else { block.events.len() };
        block.events.get(done.checked_sub(1)?).map(|told| told.event)
    };
    let begins_after = || blocks.first().filter(|block| block.number == 1).map(|block| block.begins_after);
    Ok(blocks.iter().rev().filter(|block| block.number <= place.block).find_map(last_told).or_else(begins_after))
}

/// An event as it is stored, read strongly.
pub(super) async fn event(on: Feeding<'_>, tenant: TenantId, id: EventId) -> Result<Option<Event>, PortError> {
    let next_to = |step: fn(u128, u128) -> u128| EventId::from_u128(step(id.as_u128(), 1));
    let (before, after) = (next_to(u128::saturating_sub), next_to(u128::saturating_add));
    Ok(on.events.between(tenant, before, after, 1).await?.pop())
}

enum Read {
    Nothing,
    Written(FeedBlock),
    /// Others have written the next block.
    Overtaken,
}

/// Writes the next block behind the head: what the log has beyond it, in its order. A page without a public event says nothing
/// of what comes behind it, however short it is.
async fn read_on(context: &Context<'_>, on: Feeding<'_>, head: &FeedBlock) -> Result<Read, PortError> {
    let kept = EventId::floor_at(context.now().minus(KEPT_FOR));
    let (mut after, before) = (head.up_to.max(kept), EventId::from_u128(u128::MAX));
    loop {
        let log = on.events.between(head.tenant, after, before, BLOCK_EVENTS_MAX).await?;
        let Some(last) = log.last() else { return Ok(Read::Nothing) };
        after = last.id;
        let public = log.iter().filter(|event| event.kind.is_public());
        let told: Vec<Told> = public.map(|event| Told { event: event.id, kind: event.kind }).collect();
        // A whole page of what nobody hears is worth a block: it is not read again.
        if !told.is_empty() || log.len() == BLOCK_EVENTS_MAX {
            let block = head.followed_by(told, after, context.now());
            return Ok(if on.feeds.append(&block).await? { Read::Written(block) } else { Read::Overtaken });
        }
    }
}

/// The head of the feed, which is begun where there is none: behind an event, and before what may still be committed late.
async fn begun(
    context: &Context<'_>,
    on: Feeding<'_>,
    tenant: TenantId,
    after: EventId,
) -> Result<FeedBlock, WorkError> {
    for _ in 0..2 {
        if let Some(head) = on.feeds.newest(tenant, 1).await?.pop() {
            return Ok(head);
        }
        let settled = EventId::floor_at(context.now().minus(BEGINS_BEFORE));
        on.feeds.append(&FeedBlock::first(tenant, after.min(settled), context.now())).await?;
    }
    Err(WorkError::contended())
}

/// The place behind an event that the feed may have. It is in the first block that is up to it, or came late and is in a
/// later one.
async fn find(
    on: Feeding<'_>,
    recent: &[FeedBlock],
    tenant: TenantId,
    event: EventId,
) -> Result<Option<FeedPlace>, PortError> {
    if let Some(place) = recent.iter().find_map(|block| block.behind(event)) {
        return Ok(Some(place));
    }
    let Some(oldest) = recent.last().filter(|block| block.up_to >= event && block.number > 1) else { return Ok(None) };
    let (mut low, mut high) = (1, oldest.number);
    while low < high {
        let middle = low + (high - low) / 2;
        // Old blocks are dropped one by one: what comes is the first that is there.
        match on.feeds.from(tenant, middle, 1).await?.first() {
            Some(block) if block.up_to < event => low = block.number + 1,
            Some(_) | None => high = middle,
        }
    }
    for _ in 0..READS_MAX {
        let blocks = on.feeds.from(tenant, low, PER_READ).await?;
        if let Some(place) = blocks.iter().find_map(|block| block.behind(event)) {
            return Ok(Some(place));
        }
        let Some(last) = blocks.last().filter(|block| block.number < oldest.number) else { break };
        low = last.number + 1;
    }
    Ok(None)
}
