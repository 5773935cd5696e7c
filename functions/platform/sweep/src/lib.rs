//! Every minute: whatever of the platform nobody was told of is looked after.

use app::platform_sweep::{self, Sweeping};
use app::sweep::Swept;
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
    platform_sweep::run(&context, deps.sweeping).await
}
