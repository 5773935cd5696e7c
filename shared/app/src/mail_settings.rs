//! How a tenant's mail goes out: who it is from, where answers go, what is not sent.

use std::collections::BTreeSet;

use domain::field::Invalid;
use domain::file::File;
use domain::ids::{FileId, TenantId};
use domain::mail::{MailKind, MailSettings};
use domain::receipt::Logo;
use domain::text::{Email, Name};
use ports::commerce::Consistency;
use ports::mail::MailBook;
use ports::platform::Files;

use crate::read::Shown;
use crate::{Context, Error};

const TRIES: usize = 4;

/// All of it: what is left out is as it was before anything was said.
#[derive(Debug, Clone)]
pub struct NewMailSettings {
    pub from_name: Option<Name>,
    pub reply_to: Option<Email>,
    pub off: BTreeSet<MailKind>,
    pub logo: Option<FileId>,
    pub expected_version: Option<u64>,
}

pub async fn get(book: &dyn MailBook, tenant: TenantId) -> Result<Shown, Error> {
    Ok(shown(&read(book, tenant).await?))
}

pub async fn put(
    context: &Context<'_>,
    (book, files): (&dyn MailBook, &dyn Files),
    tenant: TenantId,
    input: NewMailSettings,
) -> Result<Shown, Error> {
    let NewMailSettings { from_name, reply_to, off, logo, expected_version } = input;
    if let Some(logo) = logo {
        check_logo(files, tenant, logo).await?;
    }
    for _ in 0..TRIES {
        let present = read(book, tenant).await?;
        if expected_version.is_some_and(|expected| expected != present.version) {
            return Err(Error::PreconditionFailed);
        }
        let (from_name, reply_to, off) = (from_name.clone(), reply_to.clone(), off.clone());
        let version = present.version + 1;
        let next = MailSettings { tenant, from_name, reply_to, off, logo, updated_at: context.now(), version };
        if book.save_settings(&next).await? {
            return Ok(shown(&next));
        }
    }
    Err(Error::InFlight)
}

async fn check_logo(files: &dyn Files, tenant: TenantId, logo: FileId) -> Result<(), Error> {
    let file = files.get(tenant, logo, Consistency::Strong).await?.filter(File::is_listed);
    let missing = || Invalid::new("not_found", "must be the id of a file of yours");
    let checked = file.ok_or_else(missing).and_then(|file| Logo::check(&file));
    checked.map_err(|invalid| Error::Invalid(vec![invalid.at("/logo_file_id")]))
}

async fn read(book: &dyn MailBook, tenant: TenantId) -> Result<MailSettings, Error> {
    Ok(book.settings(tenant).await?.unwrap_or_else(|| MailSettings::standard(tenant)))
}

fn shown(settings: &MailSettings) -> Shown {
    Shown { version: settings.version, body: api::mail_settings(settings) }
}
