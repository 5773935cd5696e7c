//! A request that changes one thing by the state it is in: read, decide, commit, and from the read again when somebody else
//! was first. A repeated request is answered from its record even though what it changed has moved on.

use domain::event::{Event, EventType};
use domain::idempotency::{Answer, Claim};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::commerce::{Change, Commit};

use crate::commit::{self, Attempt, Commits, TRIES};
use crate::read::{self, Shown, Target};
use crate::{Context, Error, Outcome};

pub(crate) struct Revising<'a, S: ?Sized> {
    pub context: &'a Context<'a>,
    pub store: &'a S,
    pub tenant: TenantId,
    pub claim: Option<&'a Claim>,
}

/// What a decision comes to. The event carries the answer's body.
pub(crate) struct Revision<'a, C = Change> {
    pub change: C,
    pub event: EventType,
    pub subject: String,
    pub answer: Answer,
    /// Where the cache has it.
    pub cached: Option<(Target<'a>, Shown)>,
}

pub(crate) async fn revise<'a, T, S: Commits + ?Sized>(
    on: Revising<'_, S>,
    read: impl AsyncFn() -> Result<T, Error>,
    decide: impl Fn(&T, Timestamp) -> Result<Revision<'a, S::Change>, Error>,
) -> Result<Outcome, Error> {
    let Revising { context, store, tenant, claim } = on;
    for _ in 0..TRIES {
        let present = read().await?;
        let now = context.now();
        let Revision { change, event, subject, answer, cached } = match decide(&present, now) {
            Ok(revision) => revision,
            Err(refusal) => return commit::refused(store, tenant, claim, refusal, now).await,
        };
        let record = commit::record(claim, &answer, now);
        let events = vec![context.event(tenant, event, subject, answer.body.clone())];
        let commit = Commit { tenant, record, changes: vec![change], events, now };
        let outcome = match commit::answer(store, commit, answer).await {
            Err(Error::InFlight) => continue,
            result => result?,
        };
        if let (Outcome::Done(_), Some((target, shown))) = (&outcome, cached) {
            read::write_through(target, &shown).await;
        }
        return Ok(outcome);
    }
    Err(Error::InFlight)
}

pub(crate) struct Changing<'a, S: ?Sized> {
    pub context: &'a Context<'a>,
    pub store: &'a S,
    pub tenant: TenantId,
}

/// What a decision writes, and the event that tells of it.
pub(crate) type Written<C> = (C, Option<Event>);

/// As [`revise`], of a request that has no key: a repetition meets what the first has left. Nothing is written where nothing is
/// to change.
pub(crate) async fn change<T, R, S: Commits + ?Sized>(
    on: Changing<'_, S>,
    read: impl AsyncFn() -> Result<T, Error>,
    decide: impl Fn(&T, Timestamp) -> Result<(Option<Written<S::Change>>, R), Error>,
) -> Result<R, Error> {
    let Changing { context, store, tenant } = on;
    for _ in 0..TRIES {
        let present = read().await?;
        let now = context.now();
        let (written, result) = decide(&present, now)?;
        let Some((change, event)) = written else { return Ok(result) };
        let events = event.into_iter().collect();
        let commit = Commit { tenant, record: None, changes: vec![change], events, now };
        match store.attempt(commit).await {
            Attempt::Done => return Ok(result),
            Attempt::Contended | Attempt::Claimed(_) | Attempt::Failed(Error::InFlight) => {}
            Attempt::Failed(error) => return Err(error),
        }
    }
    Err(Error::InFlight)
}

/// `expected` is the client's `If-Match`.
pub(crate) fn expect_version(expected: Option<u64>, present: u64) -> Result<(), Error> {
    if expected.is_some_and(|expected| expected != present) { Err(Error::PreconditionFailed) } else { Ok(()) }
}
