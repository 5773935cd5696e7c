//! Committing a request: its effect, its events and its stored answer are one transaction, and a repeated request gets the
//! first one's answer.

use async_trait::async_trait;
use domain::idempotency::{Answer, Claim, Fingerprint, Record, Replay};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{Change, Commerce, Commit, CommitError};
use ports::platform::{Platform, PlatformChange, PlatformError};

use crate::Error;

/// How often a transaction that met another one at the same items is tried again.
pub(crate) const TRIES: usize = 4;

/// What a request came to: its own answer, or the one its key already has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done(Answer),
    Replayed(Answer),
}

/// A store that commits requests.
#[async_trait]
pub(crate) trait Commits: Sync {
    type Change: Clone + Send + Sync;

    async fn attempt(&self, commit: Commit<Self::Change>) -> Attempt;

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError>;
}

/// What a commit came to, as far as the answer to its request goes.
pub(crate) enum Attempt {
    Done,
    Claimed(Box<Record>),
    Contended,
    Failed(Error),
}

#[async_trait]
impl Commits for dyn Commerce + '_ {
    type Change = Change;

    async fn attempt(&self, commit: Commit) -> Attempt {
        match self.commit(commit).await {
            Ok(()) => Attempt::Done,
            Err(CommitError::Claimed(record)) => Attempt::Claimed(record),
            Err(CommitError::Contended) => Attempt::Contended,
            Err(error) => Attempt::Failed(error.into()),
        }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        Commerce::find_record(self, tenant, claim, now).await
    }
}

#[async_trait]
impl Commits for dyn Platform + '_ {
    type Change = PlatformChange;

    async fn attempt(&self, commit: Commit<PlatformChange>) -> Attempt {
        match self.commit(commit).await {
            Ok(()) => Attempt::Done,
            Err(PlatformError::Claimed(record)) => Attempt::Claimed(record),
            Err(PlatformError::Contended) => Attempt::Contended,
            Err(error) => Attempt::Failed(error.into()),
        }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        Platform::find_record(self, tenant, claim, now).await
    }
}

pub(crate) fn record(claim: Option<&Claim>, answer: &Answer, now: Timestamp) -> Option<Record> {
    claim.map(|claim| Record::new(claim.clone(), answer.clone(), now))
}

pub(crate) fn replay(record: &Record, fingerprint: Fingerprint) -> Result<Outcome, Error> {
    match record.replay(&fingerprint) {
        Replay::Same(answer) => Ok(Outcome::Replayed(answer)),
        Replay::OtherRequest => Err(Error::KeyReused),
    }
}

/// Commits, again when other transactions were at the same items. `InFlight` also tells that what was read has changed.
pub(crate) async fn answer<S: Commits + ?Sized>(
    store: &S,
    commit: Commit<S::Change>,
    answer: Answer,
) -> Result<Outcome, Error> {
    let fingerprint = commit.record.as_ref().map(|record| record.claim.fingerprint);
    for _ in 0..TRIES {
        match (store.attempt(commit.clone()).await, fingerprint) {
            (Attempt::Done, _) => return Ok(Outcome::Done(answer)),
            (Attempt::Claimed(record), Some(fingerprint)) => return replay(&record, fingerprint),
            (Attempt::Failed(error), _) => return Err(error),
            (Attempt::Contended | Attempt::Claimed(_), _) => {}
        }
    }
    Err(Error::InFlight)
}

/// The present state refuses the request. If its key has an answer already, that first try may be why, and is the answer.
pub(crate) async fn refused<S: Commits + ?Sized>(
    store: &S,
    tenant: TenantId,
    claim: Option<&Claim>,
    refusal: Error,
    now: Timestamp,
) -> Result<Outcome, Error> {
    answered(store, tenant, claim, now).await?.ok_or(refusal)
}

/// The answer that the request's key has already.
pub(crate) async fn answered<S: Commits + ?Sized>(
    store: &S,
    tenant: TenantId,
    claim: Option<&Claim>,
    now: Timestamp,
) -> Result<Option<Outcome>, Error> {
    let Some(claim) = claim else { return Ok(None) };
    let record = store.find_record(tenant, claim, now).await?;
    record.map(|record| replay(&record, claim.fingerprint)).transpose()
}
