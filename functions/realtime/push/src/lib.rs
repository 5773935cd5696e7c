//! The realtime queue: an event goes to every socket of its tenant that wants it; what is about one socket is for it alone.

use app::realtime::{self, Pushing};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub pushing: Pushing<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    realtime::work(&context, deps.pushing, notice).await
}
