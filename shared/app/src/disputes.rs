//! Disputes as the API sees them: listed, read, answered. What becomes of them is the provider's (`settle_dispute`).

use domain::dispute::{Dispute, DisputeStatus};
use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{DisputeId, TenantId};
use domain::page::{Page, PageRequest};
use domain::text::Evidence;
use ports::commerce::{Change, Commerce, Commit, Consistency, Disputes};

use crate::commit::{self, TRIES};
use crate::{Context, Error, Outcome};

pub async fn get(disputes: &dyn Disputes, tenant: TenantId, id: DisputeId) -> Result<Dispute, Error> {
    disputes.get(tenant, id, Consistency::Eventual).await?.ok_or(Error::NotFound("dispute"))
}

pub async fn list(
    disputes: &dyn Disputes,
    tenant: TenantId,
    status: Option<DisputeStatus>,
    page: PageRequest<DisputeId>,
) -> Result<Page<Dispute, DisputeId>, Error> {
    Ok(disputes.list(tenant, status, page).await?)
}

/// Takes the merchant's answer in; its event is the worker's job, which hands it on.
pub async fn answer(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    disputes: &dyn Disputes,
    tenant: TenantId,
    claim: Option<Claim>,
    (id, evidence): (DisputeId, Evidence),
) -> Result<Outcome, Error> {
    for _ in 0..TRIES {
        let dispute = disputes.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("dispute"))?;
        let now = context.now();
        let next = match dispute.answer(evidence.clone(), now) {
            Ok(next) => next,
            Err(refusal) => {
                return commit::refused(commerce, tenant, claim.as_ref(), Error::Dispute(refusal), now).await;
            }
        };
        let body = api::dispute(&next);
        let location = Some(format!("{}/disputes/{id}", api::BASE_PATH));
        let answer = Answer { status: 202, location, body: body.clone() };
        let record = commit::record(claim.as_ref(), &answer, now);
        let events = vec![context.event(tenant, EventType::DisputeAnswered, id, body)];
        let commit = Commit { tenant, record, changes: vec![Change::UpdateDispute(next)], events, now };
        match commit::answer(commerce, commit, answer).await {
            Err(Error::InFlight) => {}
            result => return result,
        }
    }
    Err(Error::InFlight)
}
