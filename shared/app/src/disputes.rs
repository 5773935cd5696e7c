//! Disputes as the API sees them: listed, read, answered. What becomes of them is the provider's (`settle_dispute`).

use domain::dispute::{Dispute, DisputeStatus};
use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{DisputeId, TenantId};
use domain::page::{Page, PageRequest};
use domain::text::Evidence;
use ports::commerce::{Change, Commerce, Consistency, Disputes};

use crate::revise::{Revising, Revision, revise};
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
    let read = async || disputes.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("dispute"));
    revise(Revising { context, store: commerce, tenant, claim: claim.as_ref() }, read, |dispute, now| {
        let next = dispute.answer(evidence.clone(), now).map_err(Error::Dispute)?;
        let location = Some(format!("{}/disputes/{id}", api::BASE_PATH));
        let body = api::dispute(&next);
        Ok(Revision {
            change: Change::UpdateDispute(next),
            event: EventType::DisputeAnswered,
            subject: id.to_string(),
            answer: Answer { status: 202, location, body },
            cached: None,
        })
    })
    .await
}
