//! Every ten minutes: ledgers whose day is over are verified, and what the journal lacks is appended. Invoked by hand, as
//! `cargo xtask ledger verify` does, it tells what it finds and writes nothing: `{"ledger":"tenants"}` lists the tenants,
//! `{"ledger":"verify","tenant":"ten_..."}` verifies one. An answer with `"done":false` has the `progress` to go on from.

use std::time::Duration;

use app::verification::{self, Progress, Verified, Verifying};
use app::{Context, Origin};
use domain::ids::TenantId;
use ports::clock::Mint;
use ports::{PortError, PortErrorKind};
use serde_json::{Value, json};

/// All that a list by hand gives.
const TENANTS_MAX: usize = 10_000;
/// Beyond the latest moment for which a verification is planned.
const ALL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub verifying: Verifying<'a>,
}

/// What a run did, for its metrics, and what it answers whoever has invoked it.
#[derive(Debug, Default)]
pub struct Ended {
    pub verified: Verified,
    pub answer: Value,
}

pub async fn step(deps: Deps<'_>, event: &Value) -> Result<Ended, PortError> {
    let context = Context { mint: deps.mint, origin: Origin::default() };
    match event["ledger"].as_str() {
        None => Ok(Ended { verified: verification::run(&context, deps.verifying).await?, answer: Value::Null }),
        Some("tenants") => tenants(&context, deps).await,
        Some("verify") => verify(&context, deps, event).await,
        Some(_) => Err(not_asked_right()),
    }
}

async fn tenants(context: &Context<'_>, deps: Deps<'_>) -> Result<Ended, PortError> {
    let tenants = deps.verifying.verifications.due(context.now().plus(ALL), TENANTS_MAX).await?;
    let tenants: Vec<String> = tenants.iter().map(TenantId::to_string).collect();
    Ok(Ended { verified: Verified::default(), answer: json!({ "tenants": tenants }) })
}

async fn verify(context: &Context<'_>, deps: Deps<'_>, event: &Value) -> Result<Ended, PortError> {
    let tenant = event["tenant"].as_str().and_then(|text| text.parse().ok()).ok_or_else(not_asked_right)?;
    let progress = match event["progress"].as_str() {
        Some(text) => Some(Progress::parse(text).ok_or_else(not_asked_right)?),
        None => None,
    };
    let progress = verification::report(context, deps.verifying, tenant, progress).await?;
    let answer = json!({
        "done": progress.is_done(),
        "progress": progress.text(),
        "blocks": progress.head,
        "hash": progress.hash,
        "transactions": progress.transactions,
        "left_out": progress.left_out,
        "undecided": progress.undecided,
        "fault_count": progress.fault_count,
        "faults": progress.faults,
    });
    Ok(Ended { verified: Verified::default(), answer })
}

fn not_asked_right() -> PortError {
    PortError::new(PortErrorKind::Rejected, "read what is asked for")
}
