//! Disputes: answered. One opens with the charge that `tok_dispute` makes.

use domain::dispute::DisputeStatus;
use http_kit::{Request, Response};
use sandbox::{Charge, Step};

use crate::refusal::Refusal;
use crate::{Deps, input, notify, view};

/// The dispute that a path is about.
pub(crate) fn id_in(path: &str) -> Option<&str> {
    path.strip_prefix("/v1/disputes/")?.strip_suffix("/answer").filter(|id| !id.contains('/'))
}

pub(crate) async fn answer(deps: Deps<'_>, id: &str, request: &Request) -> Result<Response, Refusal> {
    let not_found = || Refusal::new(404, "dispute_not_found", "There is no such dispute.");
    let key = Charge::key_of_dispute(id).ok_or_else(not_found)?;
    let next = match input::evidence(&request.body)?.as_str() {
        "winning_evidence" => DisputeStatus::Won,
        "losing_evidence" => DisputeStatus::Lost,
        _ => DisputeStatus::UnderReview,
    };
    let charge = deps.book.take_step(&key, Step::Dispute(next)).await?;
    let charge = charge.filter(|charge| charge.dispute.is_some()).ok_or_else(not_found)?;
    if charge.dispute.is_some_and(|status| !status.is_open()) {
        notify::tell(deps.listener, &charge).await;
    }
    Ok(view::one(view::dispute(&charge)))
}
