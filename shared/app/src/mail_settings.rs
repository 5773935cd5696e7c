//! How a tenant's mail goes out: who it is from, where answers go, what is not sent.

use std::collections::BTreeSet;

use domain::ids::TenantId;
use domain::mail::{MailKind, MailSettings};
use domain::text::{Email, Name};
use ports::mail::MailBook;

use crate::read::Shown;
use crate::{Context, Error};

const TRIES: usize = 4;

/// All of it: what is left out is as it was before anything was said.
#[derive(Debug, Clone)]
pub struct NewMailSettings {
    pub from_name: Option<Name>,
    pub reply_to: Option<Email>,
    pub off: BTreeSet<MailKind>,
    pub expected_version: Option<u64>,
}

pub async fn get(book: &dyn MailBook, tenant: TenantId) -> Result<Shown, Error> {
    Ok(shown(&read(book, tenant).await?))
}

pub async fn put(
    context: &Context<'_>,
    book: &dyn MailBook,
    tenant: TenantId,
    input: NewMailSettings,
) -> Result<Shown, Error> {
    let NewMailSettings { from_name, reply_to, off, expected_version } = input;
    for _ in 0..TRIES {
        let present = read(book, tenant).await?;
        if expected_version.is_some_and(|expected| expected != present.version) {
            return Err(Error::PreconditionFailed);
        }
        let (from_name, reply_to, off) = (from_name.clone(), reply_to.clone(), off.clone());
        let version = present.version + 1;
        let next = MailSettings { tenant, from_name, reply_to, off, updated_at: context.now(), version };
        if book.save_settings(&next).await? {
            return Ok(shown(&next));
        }
    }
    Err(Error::InFlight)
}

async fn read(book: &dyn MailBook, tenant: TenantId) -> Result<MailSettings, Error> {
    Ok(book.settings(tenant).await?.unwrap_or_else(|| MailSettings::standard(tenant)))
}

fn shown(settings: &MailSettings) -> Shown {
    Shown { version: settings.version, body: api::mail_settings(settings) }
}
