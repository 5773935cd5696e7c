//! Files as the API sees them: announced, listed, read, deleted. The bytes go past the API, by links that end; what comes of
//! them is `ingest`'s matter.

use std::time::Duration;

use domain::event::EventType;
use domain::file::{File, FileStatus, NewFile, UPLOAD_WITHIN};
use domain::idempotency::{Answer, Claim};
use domain::ids::{FileId, TenantId};
use domain::page::{Page, PageRequest};
use ports::blobs::{BlobKey, Blobs, Link, UploadTerms};
use ports::commerce::{Commit, Consistency};
use ports::platform::{Files, Platform, PlatformChange};

use crate::commit;
use crate::revise::{Revising, Revision, revise};
use crate::{Context, Error, Outcome};

/// How long a download link works.
pub const DOWNLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The stored answer holds the upload's link, so that a repeated request is given the same one. The event does not.
pub async fn create(
    context: &Context<'_>,
    platform: &dyn Platform,
    blobs: &dyn Blobs,
    tenant: TenantId,
    claim: Option<Claim>,
    input: NewFile,
) -> Result<Outcome, Error> {
    let now = context.now();
    let file = File::new(context.id(), tenant, input, now);
    let terms = UploadTerms { content_type: file.content_type, size: file.size, checksum: file.checksum };
    let upload = blobs.upload_link(BlobKey::upload(tenant, file.id), terms, now, UPLOAD_WITHIN).await?;
    let Link { method, url, headers, expires_at } = &upload;
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let shown = api::file(&file);
    let body = api::file_with_upload(&shown, (method, url), headers, *expires_at);
    let location = Some(format!("{}/files/{}", api::BASE_PATH, file.id));
    let answer = Answer { status: 201, location, body };
    let record = commit::record(claim.as_ref(), &answer, now);
    let events = vec![context.event(tenant, EventType::FileCreated, file.id, shown)];
    let changes = vec![PlatformChange::CreateFile(file)];
    commit::answer(platform, Commit { tenant, record, changes, events, now }, answer).await
}

/// The file's JSON, with where its bytes are once it is ready.
pub async fn get(
    context: &Context<'_>,
    files: &dyn Files,
    blobs: &dyn Blobs,
    tenant: TenantId,
    id: FileId,
) -> Result<String, Error> {
    // A client that has just announced it finds it: what an eventual read misses is read strongly.
    let found = match files.get(tenant, id, Consistency::Eventual).await? {
        Some(file) => Some(file),
        None => files.get(tenant, id, Consistency::Strong).await?,
    };
    let file = found.filter(File::is_listed).ok_or(Error::NotFound("file"))?;
    let link = match file.status {
        FileStatus::Ready => Some(download_link(context, blobs, &file).await?),
        FileStatus::Pending | FileStatus::Rejected | FileStatus::Deleted => None,
    };
    let download = link.as_ref().map(|link| (link.url.as_str(), link.expires_at));
    Ok(api::file_with_download(&api::file(&file), download))
}

async fn download_link(context: &Context<'_>, blobs: &dyn Blobs, file: &File) -> Result<Link, Error> {
    let key = BlobKey::file(file.tenant, file.id);
    let content_type = file.content_type.as_str();
    Ok(blobs.download_link(key, &file.name, content_type, context.now(), DOWNLOAD_WITHIN).await?)
}

pub async fn list(files: &dyn Files, tenant: TenantId, page: PageRequest<FileId>) -> Result<Page<File, FileId>, Error> {
    Ok(files.list(tenant, page).await?)
}

/// Gone for its tenant at once, and for the orders that it is attached to. The event is the worker's job, which takes the
/// bytes away.
pub async fn delete(
    context: &Context<'_>,
    platform: &dyn Platform,
    files: &dyn Files,
    tenant: TenantId,
    id: FileId,
) -> Result<(), Error> {
    let read = async || files.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("file"));
    revise(Revising { context, store: platform, tenant, claim: None }, read, |file, now| {
        let next = file.delete(now).map_err(|_| Error::NotFound("file"))?;
        let body = api::file(&next);
        Ok(Revision {
            change: PlatformChange::DetachFile { file: next, attachments: file.attachments.clone() },
            event: EventType::FileDeleted,
            subject: id.to_string(),
            answer: Answer { status: 204, location: None, body },
            cached: None,
        })
    })
    .await?;
    Ok(())
}
