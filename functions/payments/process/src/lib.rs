//! The payments queue: charges at the provider and settles.

use app::settle_payment::{self, Settling};
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
    let payment = notice.subject.parse().map_err(|_| WorkError::Poison("the message names no payment".to_owned()))?;
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    settle_payment::process(&context, deps.settling, notice.tenant, payment).await
}
