//! The webhooks queue: an event goes to every endpoint that wants it; what comes up again goes to its one endpoint.

use app::webhooks::{self, Delivering};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub delivering: Delivering<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    webhooks::work(&context, deps.delivering, notice).await
}
