//! The statements queue: matches a statement of a provider with the ledger.

use app::match_statement::{self, Matching};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub matching: Matching<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    let id = notice.subject.parse().map_err(|_| WorkError::Poison("the message names no statement".to_owned()))?;
    let context = Context { mint: deps.mint, origin: Origin::of(notice) };
    match_statement::process(&context, deps.matching, notice.tenant, id).await
}
