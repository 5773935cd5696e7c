//! Every minute: payments and refunds that are stuck or unknown are asked after and ended, and events that no queue has
//! seen are published.

use app::sweep::{self, Sweeping, Swept};
use app::{Context, Origin};
use ports::PortError;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub sweeping: Sweeping<'a>,
}

pub async fn step(deps: Deps<'_>) -> Result<Swept, PortError> {
    let context = Context { mint: deps.mint, origin: Origin::default() };
    sweep::run(&context, deps.sweeping).await
}
