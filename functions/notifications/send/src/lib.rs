//! The notifications queue: people are told by mail what happened.

use app::notifications::{self, Notifying};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub notifying: Notifying<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    notifications::notify(&context, deps.notifying, notice).await
}
