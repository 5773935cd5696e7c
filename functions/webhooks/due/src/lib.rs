//! Every minute: deliveries whose next attempt has come are put into the queue.

use app::sweep::Swept;
use app::webhooks::{self, Waking};
use app::{Context, Origin};
use ports::PortError;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub waking: Waking<'a>,
}

pub async fn step(deps: Deps<'_>) -> Result<Swept, PortError> {
    let context = Context { mint: deps.mint, origin: Origin::default() };
    webhooks::wake_due(&context, deps.waking).await
}
