//! The platform's sweeper: once a minute, whatever nobody was told of is looked after. Files, jobs and schedules side by side, and
//! tenants by turn: one kind that hangs and one tenant that floods hold up nothing of the others.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::ids::TenantId;
use futures_util::future::join3;
use futures_util::{StreamExt, stream};
use ports::PortError;

use crate::Context;
use crate::ingest::{self, Ingesting};
use crate::run_job::{self, Looking};
use crate::schedules::{self, Stores};
use crate::sweep::Swept;
use crate::turns::{READ, ROUNDS_MAX, Rounds, by_turn, first_by_turn};
use crate::work::WorkError;

/// How many tenants' are looked at together.
const AT_ONCE: usize = 20;
/// Nothing is begun after so long: a call of S3 that hangs is given up 25 s later, which the function lives to see.
const BEGUN_WITHIN: Duration = Duration::from_secs(25);

#[derive(Clone, Copy)]
pub struct Sweeping<'a> {
    pub ingesting: Ingesting<'a>,
    pub jobs: Looking<'a>,
    pub schedules: Stores<'a>,
}

/// One item that fails does not hold the others: it stays due.
pub async fn run(context: &Context<'_>, on: Sweeping<'_>) -> Result<Swept, PortError> {
    let Sweeping { ingesting, jobs, schedules } = on;
    let due_files = async || ingesting.files.due(context.now(), READ).await;
    let look_at_file = async |tenant, id| ingest::look(context, ingesting, tenant, id).await;
    let due_jobs = async || jobs.jobs.due(context.now(), READ).await;
    let look_at_job = async |tenant, id| run_job::look(context, jobs, tenant, id).await;
    let (files, jobs, schedules) = join3(
        sweep_by_turn(context, due_files, look_at_file, "file"),
        sweep_by_turn(context, due_jobs, look_at_job, "job"),
        sweep_schedules(context, schedules),
    )
    .await;
    let mut swept = Swept::default();
    for of_a_kind in [files, jobs, schedules] {
        swept.add(of_a_kind?);
    }
    Ok(swept)
}

async fn sweep_schedules(context: &Context<'_>, on: Stores<'_>) -> Result<Swept, PortError> {
    let mut swept = Swept::default();
    let due = on.schedules.due(context.now(), READ).await?;
    let due = first_by_turn(due, schedules::PER_RUN, |(tenant, _)| *tenant);
    swept.count(due.map(|(tenant, id)| schedules::look(context, on, tenant, id)), "schedule").await;
    Ok(swept)
}

async fn sweep_by_turn<Id: Ord + Copy>(
    context: &Context<'_>,
    due: impl AsyncFn() -> Result<Vec<(TenantId, Id)>, PortError>,
    look: impl AsyncFn(TenantId, Id) -> Result<(), WorkError>,
    noun: &'static str,
) -> Result<Swept, PortError> {
    let stop_at = context.now().plus(BEGUN_WITHIN);
    let (mut swept, mut rounds) = (Swept::default(), Rounds::new());
    for _ in 0..ROUNDS_MAX {
        let (first, is_last) = rounds.take(due().await?, |due| by_turn(due, |(tenant, _)| *tenant));
        let mut of_tenants: BTreeMap<TenantId, Vec<Id>> = BTreeMap::new();
        for (tenant, id) in first {
            of_tenants.entry(tenant).or_default().push(id);
        }
        // Of a tenant one after the other: all its jobs' commits are at its line.
        let looking = of_tenants.into_iter().map(async |(tenant, ids)| {
            let mut of_tenant = Swept::default();
            for id in ids.into_iter().take_while(|_| context.now() < stop_at) {
                of_tenant.end(look(tenant, id).await, noun);
            }
            of_tenant
        });
        let mut looked = stream::iter(looking).buffer_unordered(AT_ONCE);
        while let Some(of_tenant) = looked.next().await {
            swept.add(of_tenant);
        }
        if is_last || context.now() >= stop_at {
            break;
        }
    }
    Ok(swept)
}
