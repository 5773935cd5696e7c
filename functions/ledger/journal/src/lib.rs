//! The commerce stream: posted transactions go into the journal of their tenant.

use app::journal;
use ports::PortError;
use ports::clock::Clock;
use ports::journal::Journal;
use ports::stream::{Image, StreamChange};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub clock: &'a dyn Clock,
    pub journal: &'a dyn Journal,
}

/// Only new transactions: a later change of one is the mark of its block.
pub async fn step(deps: Deps<'_>, changes: Vec<StreamChange>) -> Result<(), PortError> {
    let posted = |change| match change {
        StreamChange { old: None, new: Some(Image::Transaction(transaction)) } => Some(transaction),
        _ => None,
    };
    let transactions: Vec<_> = changes.into_iter().filter_map(posted).collect();
    journal::append(deps.journal, &transactions, deps.clock.now()).await?;
    Ok(())
}
