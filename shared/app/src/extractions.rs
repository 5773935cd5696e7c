//! Extractions as the API sees them: asked for, and what may be spent on them. The work is `extract`'s.

use domain::allowance::{ExtractionSettings, Month, Spending};
use domain::file::{File, FileStatus};
use domain::idempotency::Claim;
use domain::ids::{FileId, TenantId};
use domain::job::Plan;
use domain::task::{Extraction, Task};
use ports::commerce::Consistency;
use ports::extraction::Allowances;
use ports::platform::{Files, Platform};

use crate::commit::{self, TRIES};
use crate::revise::expect_version;
use crate::{Context, Error, Outcome, jobs};

/// What asking for one takes.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub platform: &'a dyn Platform,
    pub files: &'a dyn Files,
}

pub async fn create(
    context: &Context<'_>,
    on: Stores<'_>,
    tenant: TenantId,
    claim: Option<Claim>,
    id: FileId,
    plan: Plan,
) -> Result<Outcome, Error> {
    let file = on.files.get(tenant, id, Consistency::Strong).await?;
    match readable(file) {
        Ok(()) => {
            jobs::create(context, on.platform, tenant, claim, Task::Extraction(Extraction { file: id }), plan).await
        }
        Err(refusal) => commit::refused(on.platform, tenant, claim.as_ref(), refusal, context.now()).await,
    }
}

fn readable(file: Option<File>) -> Result<(), Error> {
    let file = file.filter(File::is_listed).ok_or(Error::NotFound("file"))?;
    Extraction::takes(file.content_type, file.size).map_err(|invalid| Error::Invalid(vec![invalid.at("/file_id")]))?;
    match file.status {
        FileStatus::Ready => Ok(()),
        FileStatus::Pending | FileStatus::Rejected | FileStatus::Deleted => {
            Err(Error::FileNotReady { current: file.status })
        }
    }
}

/// What a tenant has set, and what it has spent of it in the month that it is.
pub struct Budget {
    pub settings: ExtractionSettings,
    pub month: Month,
    pub spent: Spending,
}

pub async fn budget(context: &Context<'_>, allowances: &dyn Allowances, tenant: TenantId) -> Result<Budget, Error> {
    let month = Month::of(context.now());
    let settings = allowances.settings(tenant, Consistency::Strong).await?.unwrap_or_default();
    Ok(Budget { settings, month, spent: allowances.spent(tenant, month).await? })
}

/// All of it; `expected_version` is the client's `If-Match`.
#[derive(Debug, Clone, Copy)]
pub struct NewExtractionSettings {
    pub tokens_per_month: Option<u64>,
    pub cents_per_month: Option<u64>,
    pub expected_version: Option<u64>,
}

/// Holds for what is read from now on.
pub async fn set(
    context: &Context<'_>,
    allowances: &dyn Allowances,
    tenant: TenantId,
    input: NewExtractionSettings,
) -> Result<Budget, Error> {
    let NewExtractionSettings { tokens_per_month, cents_per_month, expected_version } = input;
    for _ in 0..TRIES {
        let present = allowances.settings(tenant, Consistency::Strong).await?.unwrap_or_default();
        expect_version(expected_version, present.version)?;
        let settings = ExtractionSettings { tokens_per_month, cents_per_month, version: present.version + 1 };
        if allowances.put_settings(tenant, &settings).await? {
            let month = Month::of(context.now());
            return Ok(Budget { settings, month, spent: allowances.spent(tenant, month).await? });
        }
    }
    Err(Error::InFlight)
}
