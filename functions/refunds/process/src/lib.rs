//! The refunds queue: refunds at the provider and settles.

use app::settle_refund::{self, RefundKey, Settling};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub settling: Settling<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let key = RefundKey::of(notice).ok_or_else(|| WorkError::Poison("the message names no refund".to_owned()))?;
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    settle_refund::process(&context, deps.settling, key).await
}
