//! The jobs queue: makes reports, part by part, and has documents read.

use app::run_job::{self, Running};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub running: Running<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    run_job::process(&context, deps.running, notice).await
}
