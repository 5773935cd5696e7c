//! Verifies tenants' ledgers: the chain of the journal, the transactions in it, their entries, the balances. It goes by pages,
//! so that a run is bounded whatever a tenant has; where it ended is saved, and the next run goes on there.
//!
//! Money is posted all the while, and a sound ledger is never called wrong for it. Blocks, transactions and entries never
//! change, so what is in a block may be compared with it at any time. What has to be whole to be compared (the entries of an
//! account with those of its transactions) is compared up to the cut, a moment that gets no more of them
//! (`domain::verification::SETTLED_AFTER`). Balances do change: see `accounts`.

mod accounts;
mod progress;
mod rows;

use std::time::Duration;

use domain::ids::TenantId;
use domain::verification::Fault;
use ports::closings::Closings;
use ports::commerce::{Accounts, Wallets};
use ports::journal::Journal;
use ports::verification::{LedgerRows, Verifications};
use ports::{PortError, PortErrorKind};

use crate::{Context, closings, journal};

pub use progress::Progress;
use progress::Step;

/// Each page is some ten calls of the table, one after the other.
const PAGES_PER_RUN: usize = 200;
/// Who asks waits for the answer.
const PAGES_PER_REPORT: usize = 40;
const TENANTS_PER_RUN: usize = 100;
const LEFT_OUT_PER_RUN: usize = 1_000;
const AGAIN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// A ledger with faults is looked at until it has none, so that its alarm stays on.
const FAULTY_AGAIN_AFTER: Duration = Duration::from_secs(60 * 60);

#[derive(Clone, Copy)]
pub struct Verifying<'a> {
    pub rows: &'a dyn LedgerRows,
    pub verifications: &'a dyn Verifications,
    pub journal: &'a dyn Journal,
    pub accounts: &'a dyn Accounts,
    pub wallets: &'a dyn Wallets,
    pub closings: &'a dyn Closings,
}

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Ledgers that were verified to their end.
    pub ledgers: usize,
    pub faults: usize,
    /// Transactions that no consumer had appended to the journal in time.
    pub appended: usize,
    /// Tenants that could not be read; they stay due.
    pub failed: usize,
}

/// Verifies ledgers that are due, as far as it comes, closes their accounts, and appends what was left out of the journal.
pub async fn run(context: &Context<'_>, on: Verifying<'_>) -> Result<Verified, PortError> {
    let mut verified = Verified {
        appended: journal::append_left_out(on.journal, context.now(), LEFT_OUT_PER_RUN).await?,
        ..Verified::default()
    };
    let mut pages = PAGES_PER_RUN;
    for tenant in on.verifications.due(context.now(), TENANTS_PER_RUN).await? {
        if pages == 0 {
            break;
        }
        // One that cannot be read does not hold the others.
        if let Err(error) = go_on(context, on, tenant, &mut pages, &mut verified).await {
            verified.failed += 1;
            tracing::warn!(error = %error, %tenant, "left for the next verification");
        }
    }
    Ok(verified)
}

async fn go_on(
    context: &Context<'_>,
    on: Verifying<'_>,
    tenant: TenantId,
    pages: &mut usize,
    verified: &mut Verified,
) -> Result<(), PortError> {
    let saved = on.verifications.progress(tenant).await?;
    let mut progress = match saved.as_deref().and_then(Progress::parse) {
        Some(progress) => progress,
        None => Progress::begin(on, tenant, context.now()).await?,
    };
    let (faults, left_out) = (progress.fault_count, progress.left_out);
    while *pages > 0 && !progress.is_done() {
        *pages -= 1;
        take_page(context, on, &mut progress, Mode::Job).await?;
    }
    let now = context.now();
    let (due_at, saved) = match (progress.is_done(), progress.fault_count) {
        (false, _) => (now, Some(progress.text())),
        (true, 0) => (now.plus(AGAIN_AFTER), None),
        (true, _) => (now.plus(FAULTY_AGAIN_AFTER), None),
    };
    on.verifications.save(tenant, due_at, saved).await?;
    verified.faults += progress.fault_count - faults;
    verified.appended += progress.left_out - left_out;
    if progress.is_done() {
        closings::close(on.accounts, on.closings, tenant, now).await?;
        verified.ledgers += 1;
        let Progress { head, hash, transactions, fault_count, undecided, .. } = &progress;
        // A head that was written down elsewhere shows a chain that was made anew.
        tracing::info!(%tenant, block = head, hash, transactions, faults = fault_count, undecided, "ledger verified");
    }
    Ok(())
}

/// Verifies one ledger from where `progress` is, at most so many pages, and writes nothing.
pub async fn report(
    context: &Context<'_>,
    on: Verifying<'_>,
    tenant: TenantId,
    progress: Option<Progress>,
) -> Result<Progress, PortError> {
    let mut progress = match progress {
        Some(progress) => progress,
        None => Progress::begin(on, tenant, context.now()).await?,
    };
    for _ in 0..PAGES_PER_REPORT {
        if progress.is_done() {
            break;
        }
        take_page(context, on, &mut progress, Mode::Report).await?;
    }
    Ok(progress)
}

/// Whether transactions that were left out are appended and wallets closed, or nothing is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Job,
    Report,
}

async fn take_page(
    context: &Context<'_>,
    on: Verifying<'_>,
    progress: &mut Progress,
    mode: Mode,
) -> Result<(), PortError> {
    match progress.step.clone() {
        Step::Chain(chain) => rows::chain(on, progress, chain).await,
        Step::Transactions { after } => rows::transactions(context, on, progress, after, mode).await,
        Step::Accounts(of) => accounts::accounts(context, on, progress, of, mode).await,
        Step::Done => Ok(()),
    }
}

/// What cannot be read is a fault of the ledger; what cannot be reached is for the next run.
fn readable<T>(progress: &mut Progress, row: &str, read: Result<T, PortError>) -> Result<Option<T>, PortError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind == PortErrorKind::Corrupt => {
            progress.found(Fault::Unreadable { row: row.to_owned() });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
