//! How a tenant's mail goes out: who it is from, where answers go, what is not sent.

use std::collections::BTreeSet;

use domain::field::Invalid;
use domain::file::File;
use domain::ids::{FileId, TenantId};
use domain::logo::{LOGO_BYTES_MAX, Logo};
use domain::mail::{MailKind, MailSettings};
use domain::text::{Email, Name};
use ports::blobs::{BlobKey, Blobs};
use ports::commerce::Consistency;
use ports::mail::MailBook;
use ports::platform::Files;

use crate::commit::TRIES;
use crate::read::Shown;
use crate::revise::expect_version;
use crate::{Context, Error};

/// All of it: what is left out is as it was before anything was said.
#[derive(Debug, Clone)]
pub struct NewMailSettings {
    pub from_name: Option<Name>,
    pub reply_to: Option<Email>,
    pub off: BTreeSet<MailKind>,
    pub logo: Option<FileId>,
    pub expected_version: Option<u64>,
}

/// What settings are kept in, and where their logo lies.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub book: &'a dyn MailBook,
    pub files: &'a dyn Files,
    pub blobs: &'a dyn Blobs,
}

pub async fn get(book: &dyn MailBook, tenant: TenantId) -> Result<Shown, Error> {
    Ok(shown(&read(book, tenant).await?))
}

pub async fn put(
    context: &Context<'_>,
    on: Stores<'_>,
    tenant: TenantId,
    input: NewMailSettings,
) -> Result<Shown, Error> {
    let NewMailSettings { from_name, reply_to, off, logo, expected_version } = input;
    if let Some(logo) = logo {
        check_logo(on, tenant, logo).await?;
    }
    for _ in 0..TRIES {
        let present = read(on.book, tenant).await?;
        expect_version(expected_version, present.version)?;
        let (from_name, reply_to, off) = (from_name.clone(), reply_to.clone(), off.clone());
        let version = present.version + 1;
        let next = MailSettings { tenant, from_name, reply_to, off, logo, updated_at: context.now(), version };
        if on.book.save_settings(&next).await? {
            return Ok(shown(&next));
        }
    }
    Err(Error::InFlight)
}

/// As receipts do it later, so that a picture they would be made without is refused while somebody looks.
async fn check_logo(on: Stores<'_>, tenant: TenantId, logo: FileId) -> Result<(), Error> {
    let invalid = |invalid: Invalid| Error::Invalid(vec![invalid.at("/logo_file_id")]);
    let missing = || invalid(Invalid::new("not_found", "must be the id of a file of yours"));
    let file = on.files.get(tenant, logo, Consistency::Strong).await?.filter(File::is_listed).ok_or_else(missing)?;
    Logo::check(&file).map_err(invalid)?;
    let bytes = on.blobs.beginning(BlobKey::file(tenant, logo), LOGO_BYTES_MAX).await?.ok_or_else(missing)?;
    Logo::of(file.content_type, bytes).map(|_| ()).map_err(invalid)
}

async fn read(book: &dyn MailBook, tenant: TenantId) -> Result<MailSettings, Error> {
    Ok(book.settings(tenant).await?.unwrap_or_else(|| MailSettings::standard(tenant)))
}

fn shown(settings: &MailSettings) -> Shown {
    Shown { version: settings.version, body: api::mail_settings(settings) }
}
