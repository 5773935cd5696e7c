//! Files of a tenant: uploaded past the API, and of no use until a worker has checked what came. What a file may hold is
//! settled when the upload is asked for: size, type and digest.

use std::time::Duration;

use crate::attachment::Attachment;
use crate::field::Invalid;
use crate::ids::{FileId, TenantId};
use crate::text::Line;
use crate::time::Timestamp;
use crate::words::words;

/// How long an upload link works.
pub const UPLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);
/// After the link's end: an upload that began in time may take as long.
pub const UPLOAD_GRACE: Duration = Duration::from_secs(15 * 60);
/// What is rejected or deleted is told of, or known as gone, for as long.
pub const ENDED_KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What clients call it: shown, and offered as the name of a download. It names no place in the store.
pub type FileName = Line<200>;

words! {
    /// The media types that are taken.
    ContentType:
    Pdf = "application/pdf",
    Png = "image/png",
    Jpeg = "image/jpeg",
    Webp = "image/webp",
    Csv = "text/csv",
    Text = "text/plain",
}

words! {
    FileStatus:
    /// Nothing has come yet, or what came is not checked yet.
    Pending = "pending",
    Ready = "ready",
    Rejected = "rejected",
    /// Gone for its tenant; kept to know late uploads by.
    Deleted = "deleted",
}

words! {
    /// Why a file is of no use.
    Rejection:
    NotUploaded = "not_uploaded",
    WrongSize = "wrong_size",
    WrongChecksum = "wrong_checksum",
    /// The bytes are not of the type they were announced as.
    WrongType = "wrong_type",
}

/// A number of bytes that an upload may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileSize(u32);

impl FileSize {
    pub const MAX: u32 = 100 * 1024 * 1024;

    pub fn new(bytes: i64) -> Result<Self, Invalid> {
        let fits = u32::try_from(bytes).ok().filter(|bytes| (1..=Self::MAX).contains(bytes));
        let detail = || format!("must be a whole number of bytes from 1 to {}", Self::MAX);
        fits.map(Self).ok_or_else(|| Invalid::new("out_of_range", detail()))
    }

    pub fn bytes(self) -> u32 {
        self.0
    }
}

/// A SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum(pub [u8; 32]);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub id: FileId,
    pub tenant: TenantId,
    pub name: FileName,
    pub content_type: ContentType,
    pub size: FileSize,
    pub checksum: Checksum,
    pub status: FileStatus,
    pub rejection: Option<Rejection>,
    /// Until when it may be uploaded.
    pub upload_before: Timestamp,
    /// When the sweeper is to look: for an upload that was never made, or for bytes that are to go.
    pub check_at: Option<Timestamp>,
    /// To which orders; none of a file that is not ready.
    pub attachments: Vec<Attachment>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    pub name: FileName,
    pub content_type: ContentType,
    pub size: FileSize,
    pub checksum: Checksum,
}

/// The file's state does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is {}", .current.as_str())]
pub struct FileRefusal {
    pub current: FileStatus,
}

impl File {
    pub fn new(id: FileId, tenant: TenantId, input: NewFile, now: Timestamp) -> Self {
        let NewFile { name, content_type, size, checksum } = input;
        let upload_before = now.plus(UPLOAD_WITHIN);
        Self {
            id,
            tenant,
            name,
            content_type,
            size,
            checksum,
            status: FileStatus::Pending,
            rejection: None,
            upload_before,
            check_at: Some(upload_before.plus(UPLOAD_GRACE)),
            attachments: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Whether its tenant still has it.
    pub fn is_listed(&self) -> bool {
        self.status != FileStatus::Deleted
    }

    /// What came is what was announced.
    pub fn accept(&self, now: Timestamp) -> Result<Self, FileRefusal> {
        self.while_pending()?;
        Ok(Self { status: FileStatus::Ready, check_at: None, ..self.changed(now) })
    }

    /// What came is of no use, and goes.
    pub fn reject(&self, rejection: Rejection, now: Timestamp) -> Result<Self, FileRefusal> {
        self.while_pending()?;
        Ok(Self { status: FileStatus::Rejected, rejection: Some(rejection), check_at: Some(now), ..self.changed(now) })
    }

    /// Its tenant wants it no longer: its bytes go, and no order has it any more.
    pub fn delete(&self, now: Timestamp) -> Result<Self, FileRefusal> {
        match self.status {
            FileStatus::Pending | FileStatus::Ready | FileStatus::Rejected => {
                let attachments = Vec::new();
                Ok(Self { status: FileStatus::Deleted, check_at: Some(now), attachments, ..self.changed(now) })
            }
            FileStatus::Deleted => Err(FileRefusal { current: self.status }),
        }
    }

    /// The bytes of a file that has ended are gone, and there is nothing left to look for.
    pub fn cleared(&self, now: Timestamp) -> Result<Self, FileRefusal> {
        match self.status {
            FileStatus::Rejected | FileStatus::Deleted => Ok(Self { check_at: None, ..self.changed(now) }),
            FileStatus::Pending | FileStatus::Ready => Err(FileRefusal { current: self.status }),
        }
    }

    /// From when on the store may forget it.
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.status {
            FileStatus::Rejected | FileStatus::Deleted => Some(self.updated_at.plus(ENDED_KEPT_FOR)),
            FileStatus::Pending | FileStatus::Ready => None,
        }
    }

    fn while_pending(&self) -> Result<(), FileRefusal> {
        match self.status {
            FileStatus::Pending => Ok(()),
            FileStatus::Ready | FileStatus::Rejected | FileStatus::Deleted => Err(FileRefusal { current: self.status }),
        }
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
