//! Jobs and deliveries that nobody looks after, and a feed that loses.

use std::sync::Arc;

use async_trait::async_trait;
use coffer_simulation::{DueAs, Wiring};
use domain::feed::FeedBlock;
use domain::ids::{JobId, TenantId};
use domain::job::{Job, JobStatus};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::{Jobs, Line};
use ports::realtime::Feeds;

use super::Mutation;

/// Finds no job that is due.
struct NoJobIsDue(Arc<dyn Jobs>);

#[async_trait]
impl Jobs for NoJobIsDue {
    async fn get(&self, tenant: TenantId, id: JobId, consistency: Consistency) -> Result<Option<Job>, PortError> {
        self.0.get(tenant, id, consistency).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        status: Option<JobStatus>,
        page: PageRequest<JobId>,
    ) -> Result<Page<Job, JobId>, PortError> {
        self.0.list(tenant, status, page).await
    }

    async fn due(&self, _: Timestamp, _: usize) -> Result<Vec<(TenantId, JobId)>, PortError> {
        Ok(Vec::new())
    }

    async fn line(&self, tenant: TenantId) -> Result<Line, PortError> {
        self.0.line(tenant).await
    }
}

/// Takes a block that others were first to write for its own.
struct TakenForWritten(Arc<dyn Feeds>);

#[async_trait]
impl Feeds for TakenForWritten {
    async fn newest(&self, tenant: TenantId, limit: usize) -> Result<Vec<FeedBlock>, PortError> {
        self.0.newest(tenant, limit).await
    }

    async fn from(&self, tenant: TenantId, number: u64, limit: usize) -> Result<Vec<FeedBlock>, PortError> {
        self.0.from(tenant, number, limit).await
    }

    async fn append(&self, block: &FeedBlock) -> Result<bool, PortError> {
        self.0.append(block).await?;
        Ok(true)
    }
}

pub const ALL: &[Mutation] = &[
    Mutation {
        name: "the sweeper overlooks jobs",
        rewire: |wiring| Wiring { jobs: Arc::new(NoJobIsDue(wiring.jobs.clone())), ..wiring },
    },
    Mutation {
        name: "webhooks that are due are overlooked",
        rewire: |wiring| {
            let deliveries = DueAs { next: wiring.deliveries.clone(), shown: |_, _| Vec::new() };
            Wiring { deliveries: Arc::new(deliveries), ..wiring }
        },
    },
    Mutation {
        name: "a block of the feed that others have written is taken for one's own",
        rewire: |wiring| Wiring { feeds: Arc::new(TakenForWritten(wiring.feeds.clone())), ..wiring },
    },
];
