//! The platform's sweeper: once a minute, whatever nobody was told of is looked after.

use ports::PortError;

use crate::Context;
use crate::ingest::{self, Ingesting};
use crate::sweep::{PER_RUN, Swept};

#[derive(Clone, Copy)]
pub struct Sweeping<'a> {
    pub ingesting: Ingesting<'a>,
}

/// One item that fails does not hold the others: it stays due.
pub async fn run(context: &Context<'_>, on: Sweeping<'_>) -> Result<Swept, PortError> {
    let Sweeping { ingesting } = on;
    let mut swept = Swept::default();
    let files = ingesting.files.due(context.now(), PER_RUN).await?.into_iter();
    swept.count(files.map(|(tenant, id)| ingest::look(context, ingesting, tenant, id)), "file").await;
    Ok(swept)
}
