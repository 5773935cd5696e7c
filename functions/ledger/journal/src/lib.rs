//! The commerce stream: posted transactions go into the journal of their tenant, whose accounts are closed now and then.

use app::{closings, journal};
use ports::PortError;
use ports::clock::Clock;
use ports::closings::Closings;
use ports::commerce::Accounts;
use ports::journal::Journal;
use ports::stream::{Image, StreamChange};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub clock: &'a dyn Clock,
    pub journal: &'a dyn Journal,
    pub accounts: &'a dyn Accounts,
    pub closings: &'a dyn Closings,
}

/// Only new transactions: a later change of one is the mark of its block.
pub async fn step(deps: Deps<'_>, changes: Vec<StreamChange>) -> Result<(), PortError> {
    let posted = |change| match change {
        StreamChange { old: None, new: Some(Image::Transaction(transaction)) } => Some(transaction),
        _ => None,
    };
    let transactions: Vec<_> = changes.into_iter().filter_map(posted).collect();
    let appended = journal::append(deps.journal, &transactions, deps.clock.now()).await?;
    for tenant in appended.to_close {
        // What is not closed now is closed the next time: no reason to give the batch again.
        if let Err(error) = closings::close(deps.accounts, deps.closings, tenant, deps.clock.now()).await {
            tracing::warn!(error = %error, %tenant, "accounts not closed");
        }
    }
    Ok(())
}
