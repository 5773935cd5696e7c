//! Dead letters: kept for the tenant they belong to, looked at, and sent back. A letter is sent first and marked afterwards:
//! whoever dies in between leaves it to be sent once more, which workers take. One that dies again in between is not marked,
//! and goes on waiting: it is never lost.

use std::collections::BTreeMap;

use domain::dead_letter::{Burial, DeadLetter, DeadLetterStatus, Death};
use domain::event::{EventType, Queue};
use domain::idempotency::{Answer, Claim};
use domain::ids::{DeadLetterId, TenantId};
use domain::page::{Limit, Page, PageRequest};
use domain::time::Timestamp;
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::PortError;
use ports::commerce::Commit;
use ports::platform::{DeadLetters, Platform, PlatformChange, PlatformCommit};
use ports::queues::{Parcel, Returns};

use crate::commit::{self, TRIES};
use crate::work::{Settled, WorkError, platform_settled};
use crate::{Context, Error, Outcome};

/// How many one call sends back: a transaction holds them all, each with its event.
pub const AT_ONCE: usize = 40;
const AT_THE_SAME_TIME: usize = 16;

#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub platform: &'a dyn Platform,
    pub letters: &'a dyn DeadLetters,
    pub returns: &'a dyn Returns,
}

/// A message has come to the dead letters. Seen twice, it is one letter.
pub async fn keep(
    context: &Context<'_>,
    platform: &dyn Platform,
    letters: &dyn DeadLetters,
    burial: &Burial,
) -> Result<(), WorkError> {
    let (tenant, id) = (DeadLetter::tenant_of(burial), DeadLetter::id_of(burial));
    for _ in 0..TRIES {
        let change = match letters.get(tenant, id).await? {
            None => PlatformChange::CreateDeadLetter(DeadLetter::new(burial.clone(), context.now())),
            Some(known) => PlatformChange::UpdateDeadLetter(known.die_again(burial, context.now())),
        };
        let commit = Commit { tenant, record: None, changes: vec![change], events: Vec::new(), now: context.now() };
        if let Settled::Done = platform_settled(platform.commit(commit).await)? {
            return Ok(());
        }
    }
    Err(WorkError::contended())
}

pub async fn get(letters: &dyn DeadLetters, tenant: TenantId, id: DeadLetterId) -> Result<DeadLetter, Error> {
    letters.get(tenant, id).await?.ok_or(Error::NotFound("dead letter"))
}

pub async fn list(
    letters: &dyn DeadLetters,
    tenant: TenantId,
    queue: Option<Queue>,
    page: PageRequest<DeadLetterId>,
) -> Result<Page<DeadLetter, DeadLetterId>, Error> {
    Ok(letters.list(tenant, queue, page).await?)
}

/// How many wait, of every queue.
pub async fn counts(letters: &dyn DeadLetters, tenant: TenantId) -> Result<BTreeMap<Queue, u64>, Error> {
    let counts = letters.counts(tenant).await?;
    Ok(Queue::ALL.into_iter().map(|queue| (queue, counts.get(&queue).copied().unwrap_or(0))).collect())
}

/// Sends one back.
pub async fn redrive(
    context: &Context<'_>,
    on: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    id: DeadLetterId,
) -> Result<Outcome, Error> {
    let mut sent = None;
    for _ in 0..TRIES {
        let letter = get(on.letters, tenant, id).await?;
        let now = context.now();
        let redriven = match letter.redrive(now) {
            Ok(redriven) => redriven,
            Err(refusal) => {
                return commit::refused(on.platform, tenant, claim.as_ref(), Error::DeadLetter(refusal), now).await;
            }
        };
        match sent {
            None => {
                // The first try may have sent it, and it has died again since: a repetition sends nothing.
                if let Some(outcome) = commit::answered(on.platform, tenant, claim.as_ref(), now).await? {
                    return Ok(outcome);
                }
                on.returns.send_back(letter.queue, &[parcel(&letter)]).await?;
                sent = Some(letter.version);
            }
            Some(version) if version == letter.version => {}
            // What was sent has died again: marked, it would be nowhere.
            Some(_) => return commit::refused(on.platform, tenant, claim.as_ref(), Error::InFlight, now).await,
        }
        let answer = Answer { status: 202, location: Some(location(id)), body: api::dead_letter(&redriven) };
        let record = commit::record(claim.as_ref(), &answer, now);
        let commit = Commit { record, ..marking(context, tenant, vec![redriven]) };
        match commit::answer(on.platform, commit, answer).await {
            Err(Error::InFlight) => {}
            result => return result,
        }
    }
    Err(Error::InFlight)
}

/// Sends back what waits of a queue, [`AT_ONCE`] at most; the answer says how many, and whether there are more.
pub async fn redrive_all(
    context: &Context<'_>,
    on: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    queue: Queue,
) -> Result<Outcome, Error> {
    if let Some(outcome) = commit::answered(on.platform, tenant, claim.as_ref(), context.now()).await? {
        return Ok(outcome);
    }
    // With the version of each when it was sent: one that has another now has died again, and goes on waiting.
    let mut sent = BTreeMap::new();
    for _ in 0..TRIES {
        let (mut letters, is_more) = waiting_of(on.letters, tenant, queue).await?;
        letters.retain(|letter| sent.get(&letter.id).is_none_or(|version| *version == letter.version));
        let unsent: Vec<&DeadLetter> = letters.iter().filter(|letter| !sent.contains_key(&letter.id)).collect();
        on.returns.send_back(queue, &unsent.iter().map(|letter| parcel(letter)).collect::<Vec<_>>()).await?;
        sent.extend(letters.iter().map(|letter| (letter.id, letter.version)));
        let redriven: Vec<DeadLetter> =
            letters.iter().filter_map(|letter| letter.redrive(context.now()).ok()).collect();
        let answer = Answer { status: 200, location: None, body: api::redriven(queue, redriven.len(), is_more) };
        let record = commit::record(claim.as_ref(), &answer, context.now());
        let commit = Commit { record, ..marking(context, tenant, redriven) };
        match commit::answer(on.platform, commit, answer).await {
            Err(Error::InFlight) => {}
            result => return result,
        }
    }
    Err(Error::InFlight)
}

async fn waiting_of(
    letters: &dyn DeadLetters,
    tenant: TenantId,
    queue: Queue,
) -> Result<(Vec<DeadLetter>, bool), Error> {
    let limit = Limit::new(i64::try_from(AT_ONCE).unwrap_or(1)).unwrap_or_default();
    let Page { items, next } = letters.list(tenant, Some(queue), PageRequest { limit, after: None }).await?;
    let places = items.into_iter().map(|letter| (tenant, letter.id));
    Ok((still_waiting(letters, places).await?, next.is_some()))
}

/// What an operator looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sought {
    /// Of all queues when there is none.
    pub queue: Option<Queue>,
    pub id: Option<DeadLetterId>,
    /// What died later is left out: so what is sent back and dies again is not found twice.
    pub died_until: Timestamp,
}

/// For operators: the letters of all tenants that wait, the oldest deaths first. What is sought is picked out of each page, so
/// that one may be short, or empty, though there is a next.
pub async fn waiting(
    letters: &dyn DeadLetters,
    sought: Sought,
    page: PageRequest<Death>,
) -> Result<Page<DeadLetter, Death>, PortError> {
    let Sought { queue, id, died_until } = sought;
    let Page { items, next } = letters.waiting(died_until, page).await?;
    let places = items.into_iter().filter(|(_, it)| id.is_none_or(|id| *it == id));
    let mut found = still_waiting(letters, places).await?;
    found.retain(|letter| queue.is_none_or(|queue| letter.queue == queue));
    Ok(Page { items: found, next })
}

/// As they are now: the indexes that name them may lag behind.
async fn still_waiting(
    letters: &dyn DeadLetters,
    places: impl Iterator<Item = (TenantId, DeadLetterId)>,
) -> Result<Vec<DeadLetter>, PortError> {
    let reads = places.map(|(tenant, id)| letters.get(tenant, id));
    let read: Vec<Option<DeadLetter>> = stream::iter(reads).buffered(AT_THE_SAME_TIME).try_collect().await?;
    Ok(read.into_iter().flatten().filter(|letter| letter.status == DeadLetterStatus::Waiting).collect())
}

/// For operators: sends each back, whosever it is. With each, whether it was, and neither sent by somebody else meanwhile
/// nor dead again.
pub async fn send_back(
    context: &Context<'_>,
    on: Stores<'_>,
    letters: Vec<DeadLetter>,
) -> Vec<(DeadLetter, Result<bool, WorkError>)> {
    let sending = letters.into_iter().map(async |letter| {
        let sent = send_one_back(context, on, &letter).await;
        (letter, sent)
    });
    stream::iter(sending).buffered(AT_THE_SAME_TIME).collect().await
}

async fn send_one_back(context: &Context<'_>, on: Stores<'_>, letter: &DeadLetter) -> Result<bool, WorkError> {
    let Ok(redriven) = letter.redrive(context.now()) else { return Ok(false) };
    on.returns.send_back(letter.queue, &[parcel(letter)]).await?;
    let marked = platform_settled(on.platform.commit(marking(context, letter.tenant, vec![redriven])).await)?;
    Ok(matches!(marked, Settled::Done))
}

fn marking(context: &Context<'_>, tenant: TenantId, redriven: Vec<DeadLetter>) -> PlatformCommit {
    let event =
        |letter: &DeadLetter| context.event(tenant, EventType::DeadLetterRedriven, letter.id, api::dead_letter(letter));
    let events = redriven.iter().map(event).collect();
    let changes = redriven.into_iter().map(PlatformChange::UpdateDeadLetter).collect();
    Commit { tenant, record: None, changes, events, now: context.now() }
}

fn parcel(letter: &DeadLetter) -> Parcel {
    Parcel { body: letter.body.clone(), tenant: letter.tenant, trace: letter.trace.clone() }
}

fn location(id: DeadLetterId) -> String {
    format!("{}/dead_letters/{id}", api::BASE_PATH)
}
