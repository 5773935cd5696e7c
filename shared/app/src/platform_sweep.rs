//! The platform's sweeper: once a minute, whatever nobody was told of is looked after.

use ports::PortError;

use crate::Context;
use crate::ingest::{self, Ingesting};
use crate::run_job::{self, Looking};
use crate::schedules::{self, Stores};
use crate::sweep::{PER_RUN, Swept};

#[derive(Clone, Copy)]
pub struct Sweeping<'a> {
    pub ingesting: Ingesting<'a>,
    pub jobs: Looking<'a>,
    pub schedules: Stores<'a>,
}

/// One item that fails does not hold the others: it stays due.
pub async fn run(context: &Context<'_>, on: Sweeping<'_>) -> Result<Swept, PortError> {
    let Sweeping { ingesting, jobs, schedules } = on;
    let mut swept = Swept::default();
    let files = ingesting.files.due(context.now(), PER_RUN).await?.into_iter();
    swept.count(files.map(|(tenant, id)| ingest::look(context, ingesting, tenant, id)), "file").await;
    let due = jobs.jobs.due(context.now(), PER_RUN).await?.into_iter();
    swept.count(due.map(|(tenant, id)| run_job::look(context, jobs, tenant, id)), "job").await;
    let due = schedules.schedules.due(context.now(), schedules::PER_RUN).await?.into_iter();
    swept.count(due.map(|(tenant, id)| schedules::look(context, schedules, tenant, id)), "schedule").await;
    Ok(swept)
}
