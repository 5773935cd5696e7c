//! The providers queue: asks providers about what they told of their own accord, and hands them answers to disputes.

use app::settle_dispute::{self, Settling};
use app::work::WorkError;
use app::{Context, Origin, provider_events};
use domain::event::{EventType, Notice};
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub settling: Settling<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    let nameless = || WorkError::Poison("the message names nothing to ask about".to_owned());
    if notice.kind == EventType::DisputeAnswered {
        let dispute = notice.subject.parse().map_err(|_| nameless())?;
        return settle_dispute::process(&context, deps.settling, notice.tenant, dispute).await;
    }
    let (tenant, payment) = provider_events::payment_of(notice).ok_or_else(nameless)?;
    settle_dispute::heed(&context, deps.settling, tenant, payment).await
}
