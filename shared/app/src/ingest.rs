//! What becomes of an upload: it is looked at, and is a file or is rejected; and what nobody may have any longer goes. Every
//! step may run twice, late or beside another worker, and stands on the file's version.

use domain::event::{EventType, Notice};
use domain::file::{ContentType, File, FileStatus, Rejection};
use domain::ids::{FileId, TenantId};
use ports::blobs::{BlobKey, Blobs};
use ports::commerce::{Commit, Consistency};
use ports::platform::{Files, Platform, PlatformChange, PlatformCommit};

use crate::Context;
use crate::work::{Settled, WorkError, platform_settled};

const TRIES: usize = 8;
/// What tells a type lies at the beginning.
const LOOKED_AT_BYTES: u32 = 8 * 1024;

#[derive(Clone, Copy)]
pub struct Ingesting<'a> {
    pub platform: &'a dyn Platform,
    pub files: &'a dyn Files,
    pub blobs: &'a dyn Blobs,
}

/// An upload has come, or is said to have come. One that belongs to no file that waits for it is taken away.
pub async fn check(context: &Context<'_>, on: Ingesting<'_>, tenant: TenantId, id: FileId) -> Result<(), WorkError> {
    let upload = BlobKey::upload(tenant, id);
    for _ in 0..TRIES {
        let Some(file) = on.files.get(tenant, id, Consistency::Strong).await? else {
            return Ok(on.blobs.delete(upload).await?);
        };
        match file.status {
            FileStatus::Pending => {}
            // Told of once more: it is where it belongs already.
            FileStatus::Ready => return Ok(on.blobs.delete(upload).await?),
            FileStatus::Rejected | FileStatus::Deleted => return clear(context, on, &file).await,
        }
        // Told of before it is there, or after it is gone: the sweeper ends what never comes.
        let Some(fault) = inspect(on.blobs, &file).await? else { return Ok(()) };
        let next = match fault {
            Verdict::Good if !on.blobs.copy(upload, BlobKey::file(tenant, id)).await? => continue,
            Verdict::Good => file.accept(context.now()),
            Verdict::Bad(rejection) => file.reject(rejection, context.now()),
        };
        let next = next.map_err(|refusal| WorkError::Poison(refusal.to_string()))?;
        if let Settled::Done = write(context, on, &next).await? {
            return match next.status {
                FileStatus::Ready => Ok(on.blobs.delete(upload).await?),
                FileStatus::Pending | FileStatus::Rejected | FileStatus::Deleted => clear(context, on, &next).await,
            };
        }
    }
    Err(WorkError::contended())
}

/// A file was deleted: its bytes go.
pub async fn heed(context: &Context<'_>, on: Ingesting<'_>, notice: &Notice) -> Result<(), WorkError> {
    let names_no_file = |_| WorkError::Poison("the message names no file".to_owned());
    let id = notice.subject.parse().map_err(names_no_file)?;
    check(context, on, notice.tenant, id).await
}

/// A file that is due: its upload never came or nobody told of it, or its bytes are still to go.
pub async fn look(context: &Context<'_>, on: Ingesting<'_>, tenant: TenantId, id: FileId) -> Result<(), WorkError> {
    check(context, on, tenant, id).await?;
    let Some(file) = on.files.get(tenant, id, Consistency::Strong).await? else { return Ok(()) };
    let is_overdue = file.check_at.is_some_and(|at| at <= context.now());
    if file.status != FileStatus::Pending || !is_overdue {
        return Ok(());
    }
    let next = file.reject(Rejection::NotUploaded, context.now());
    let next = next.map_err(|refusal| WorkError::Poison(refusal.to_string()))?;
    write(context, on, &next).await?.or_contended()?;
    clear(context, on, &next).await
}

enum Verdict {
    Good,
    Bad(Rejection),
}

/// Nothing, while there is nothing to look at. Size and checksum are what the store has proved.
async fn inspect(blobs: &dyn Blobs, file: &File) -> Result<Option<Verdict>, WorkError> {
    let upload = BlobKey::upload(file.tenant, file.id);
    let Some(head) = blobs.head(upload).await? else { return Ok(None) };
    if head.size != u64::from(file.size.bytes()) {
        return Ok(Some(Verdict::Bad(Rejection::WrongSize)));
    }
    if head.checksum != Some(file.checksum) {
        return Ok(Some(Verdict::Bad(Rejection::WrongChecksum)));
    }
    let beginning = blobs.beginning(upload, LOOKED_AT_BYTES).await?;
    let verdict = |bytes: Vec<u8>| match is_of(file.content_type, &bytes) {
        true => Verdict::Good,
        false => Verdict::Bad(Rejection::WrongType),
    };
    Ok(beginning.map(verdict))
}

/// Whether bytes begin as those of a type do. Text is UTF-8 and has no sign of its own; what is called text is shown as text.
fn is_of(content_type: ContentType, beginning: &[u8]) -> bool {
    match content_type {
        ContentType::Pdf | ContentType::Png | ContentType::Jpeg | ContentType::Webp => {
            infer::get(beginning).is_some_and(|kind| kind.mime_type() == content_type.as_str())
        }
        ContentType::Csv | ContentType::Text => is_text(beginning),
    }
}

fn is_text(beginning: &[u8]) -> bool {
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => text,
        // The last character is cut where the beginning ends.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&beginning[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}

/// The upload before the file: a worker that is copying at this moment finds nothing to copy, or is overtaken.
async fn clear(context: &Context<'_>, on: Ingesting<'_>, file: &File) -> Result<(), WorkError> {
    on.blobs.delete(BlobKey::upload(file.tenant, file.id)).await?;
    on.blobs.delete(BlobKey::file(file.tenant, file.id)).await?;
    if file.check_at.is_none() {
        return Ok(());
    }
    let next = file.cleared(context.now()).map_err(|refusal| WorkError::Poison(refusal.to_string()))?;
    let tenant = file.tenant;
    let changes = vec![PlatformChange::UpdateFile(next)];
    let commit = PlatformCommit { tenant, record: None, changes, events: Vec::new(), now: context.now() };
    platform_settled(on.platform.commit(commit).await)?.or_contended()
}

/// The file's new state with the event that tells of it.
async fn write(context: &Context<'_>, on: Ingesting<'_>, next: &File) -> Result<Settled, WorkError> {
    let kind = match next.status {
        FileStatus::Ready => EventType::FileReady,
        FileStatus::Pending | FileStatus::Rejected | FileStatus::Deleted => EventType::FileRejected,
    };
    let tenant = next.tenant;
    let events = vec![context.event(tenant, kind, next.id, api::file(next))];
    let changes = vec![PlatformChange::UpdateFile(next.clone())];
    platform_settled(on.platform.commit(Commit { tenant, record: None, changes, events, now: context.now() }).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_their_first_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        let (pdf, jpeg, webp) = (b"%PDF-1.7\n", b"\xff\xd8\xff\xe0\0\x10JFIF", b"RIFF\x24\0\0\0WEBPVP8 ");
        let (html, exe, cut) = (b"<html><script>", b"MZ\x90\0\x03\0", "Ä,Ö\n1,ü".as_bytes());
        for (bytes, fits) in [
            (&pdf[..], &[ContentType::Pdf, ContentType::Csv, ContentType::Text][..]),
            (&png[..], &[ContentType::Png]),
            (&jpeg[..], &[ContentType::Jpeg]),
            (&webp[..], &[ContentType::Webp]),
            (&html[..], &[ContentType::Csv, ContentType::Text]),
            (&exe[..], &[]),
            (&cut[..cut.len() - 1], &[ContentType::Csv, ContentType::Text]),
            (b"Latin-1: \xe4\xf6", &[]),
            (b"", &[ContentType::Csv, ContentType::Text]),
        ] {
            let found: Vec<_> = ContentType::ALL.iter().copied().filter(|it| is_of(*it, bytes)).collect();
            assert_eq!(found, fits, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
