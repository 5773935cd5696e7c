//! Committing a request: its effect, its events and its stored answer are one transaction, and a repeated request gets the
//! first one's answer.

use domain::idempotency::{Answer, Claim, Fingerprint, Record, Replay};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::commerce::{Commerce, Commit, CommitError};

use crate::Error;

/// How often a transaction that met another one at the same items is tried again.
pub(crate) const TRIES: usize = 4;

/// What a request came to: its own answer, or the one its key already has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done(Answer),
    Replayed(Answer),
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
pub(crate) async fn answer(commerce: &dyn Commerce, commit: Commit, answer: Answer) -> Result<Outcome, Error> {
    let fingerprint = commit.record.as_ref().map(|record| record.claim.fingerprint);
    for _ in 1..TRIES {
        match commerce.commit(commit.clone()).await {
            Err(CommitError::Contended) => {}
            result => return concluded(result, fingerprint, answer),
        }
    }
    concluded(commerce.commit(commit).await, fingerprint, answer)
}

/// The present state refuses the request. If its key has an answer already, that first try may be why, and is the answer.
pub(crate) async fn refused(
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: Option<&Claim>,
    refusal: Error,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let Some(claim) = claim else { return Err(refusal) };
    match commerce.find_record(tenant, claim, now).await? {
        Some(record) => replay(&record, claim.fingerprint),
        None => Err(refusal),
    }
}

fn concluded(
    result: Result<(), CommitError>,
    fingerprint: Option<Fingerprint>,
    answer: Answer,
) -> Result<Outcome, Error> {
    match (result, fingerprint) {
        (Ok(()), _) => Ok(Outcome::Done(answer)),
        (Err(CommitError::Claimed(record)), Some(fingerprint)) => replay(&record, fingerprint),
        (Err(error), _) => Err(error.into()),
    }
}
