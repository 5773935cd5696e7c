//! Objects too large for a table: uploads, files, reports. Clients reach them by links that are signed and expire; nothing is
//! ever public.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use domain::file::{Checksum, ContentType, FileName, FileSize};
use domain::ids::{FileId, JobId, PaymentId, TenantId};
use domain::receipt::ReceiptKey;
use domain::time::Timestamp;

use crate::PortError;

/// Where an object lies: below its tenant, and by kind, since what may be done with a kind and how long it is kept are said
/// by prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey {
    pub tenant: TenantId,
    pub blob: Blob,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blob {
    /// As a client has sent it: nobody has looked at it.
    Upload(FileId),
    /// Checked.
    File(FileId),
    /// What a job came to, by the number of its beginning: a worker that was lost writes into no other's.
    Report(JobId, u64),
    /// What a job's worker had read and not yet written when its time was over, by its lease.
    Rest(JobId, u64),
    /// A payment's receipt, as of so much of it refunded.
    Receipt { payment: PaymentId, refunded: i64 },
}

impl BlobKey {
    pub fn upload(tenant: TenantId, file: FileId) -> Self {
        Self { tenant, blob: Blob::Upload(file) }
    }

    pub fn file(tenant: TenantId, file: FileId) -> Self {
        Self { tenant, blob: Blob::File(file) }
    }

    pub fn report(tenant: TenantId, job: JobId, number: u64) -> Self {
        Self { tenant, blob: Blob::Report(job, number) }
    }

    pub fn rest(tenant: TenantId, job: JobId, lease: u64) -> Self {
        Self { tenant, blob: Blob::Rest(job, lease) }
    }

    pub fn receipt(ReceiptKey { tenant, payment, refunded }: ReceiptKey) -> Self {
        Self { tenant, blob: Blob::Receipt { payment, refunded } }
    }

    /// The key that a text names; none where it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('/')?;
        let (tenant, name) = rest.split_once('/')?;
        let tenant = tenant.parse().ok()?;
        match kind {
            "uploads" => Some(Self::upload(tenant, name.parse().ok()?)),
            "files" => Some(Self::file(tenant, name.parse().ok()?)),
            "reports" => {
                let (job, number) = name.split_once('/')?;
                let job = job.parse().ok()?;
                match number.strip_suffix("-rest") {
                    Some(lease) => Some(Self::rest(tenant, job, lease.parse().ok()?)),
                    None => Some(Self::report(tenant, job, number.parse().ok()?)),
                }
            }
            "receipts" => {
                let (payment, refunded) = name.split_once('-')?;
                let (payment, refunded) = (payment.parse().ok()?, refunded.parse().ok()?);
                Some(Self::receipt(ReceiptKey { tenant, payment, refunded }))
            }
            _ => None,
        }
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, blob } = self;
        match blob {
            Blob::Upload(file) => write!(f, "uploads/{tenant}/{file}"),
            Blob::File(file) => write!(f, "files/{tenant}/{file}"),
            Blob::Report(job, number) => write!(f, "reports/{tenant}/{job}/{number}"),
            Blob::Rest(job, lease) => write!(f, "reports/{tenant}/{job}/{lease}-rest"),
            Blob::Receipt { payment, refunded } => write!(f, "receipts/{tenant}/{payment}-{refunded}"),
        }
    }
}

/// What an upload has to be, to the byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadTerms {
    pub content_type: ContentType,
    pub size: FileSize,
    pub checksum: Checksum,
}

/// A request that whoever has it may make until it expires. Its `Debug` is masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub method: &'static str,
    pub url: String,
    /// To be sent as they are.
    pub headers: Vec<(String, String)>,
    pub expires_at: Timestamp,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({} until {})", self.method, self.expires_at.as_ms())
    }
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobHead {
    pub size: u64,
    pub content_type: String,
    /// Of all its bytes, proved by the store when they came; absent where nobody gave one.
    pub checksum: Option<Checksum>,
}

#[async_trait]
pub trait Blobs: Send + Sync {
    /// A link that takes exactly what the terms say, from `now` on. It makes no call.
    async fn upload_link(
        &self,
        key: BlobKey,
        terms: UploadTerms,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError>;

    /// A link that gives the object as a download of this name and type. It makes no call: the object may be missing.
    async fn download_link(
        &self,
        key: BlobKey,
        name: &FileName,
        content_type: &str,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError>;

    async fn head(&self, key: BlobKey) -> Result<Option<BlobHead>, PortError>;

    /// At most `len` bytes of its beginning.
    async fn beginning(&self, key: BlobKey, len: u32) -> Result<Option<Vec<u8>>, PortError>;

    /// Puts the bytes in the place of what was there.
    async fn put(&self, key: BlobKey, content_type: &str, bytes: Vec<u8>) -> Result<(), PortError>;

    /// Whether there was something to copy. It is the same bytes afterwards, in the place of what was there.
    async fn copy(&self, from: BlobKey, to: BlobKey) -> Result<bool, PortError>;

    /// What is not there is deleted already.
    async fn delete(&self, key: BlobKey) -> Result<(), PortError>;
}

/// An object that comes in parts, because it is larger than memory. Nothing of it is seen before it is completed.
#[async_trait]
pub trait BlobParts: Send + Sync {
    /// Names the upload.
    async fn begin(&self, key: BlobKey, content_type: &str) -> Result<String, PortError>;

    /// Puts part `number`, from 1 on, in the place of what it was, and says what it is now; nothing when there is no such
    /// upload any more. All but the last have 5 MiB or more.
    async fn put_part(
        &self,
        key: BlobKey,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<Option<String>, PortError>;

    /// Makes the object of exactly these parts. `false`: one of them has been replaced since, or there is no such upload.
    async fn complete(&self, key: BlobKey, upload: &str, parts: &[String]) -> Result<bool, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_begin_with_their_kind_and_tenant_and_parse_back() {
        let (tenant, file) = (TenantId::from_u128(1), FileId::from_u128(2));
        for (key, text) in [
            (BlobKey::upload(tenant, file), format!("uploads/{tenant}/{file}")),
            (BlobKey::file(tenant, file), format!("files/{tenant}/{file}")),
            (BlobKey::report(tenant, JobId::from_u128(3), 7), format!("reports/{tenant}/{}/7", JobId::from_u128(3))),
            (BlobKey::rest(tenant, JobId::from_u128(3), 7), format!("reports/{tenant}/{}/7-rest", JobId::from_u128(3))),
            (
                BlobKey::receipt(ReceiptKey { tenant, payment: PaymentId::from_u128(3), refunded: 500 }),
                format!("receipts/{tenant}/{}-500", PaymentId::from_u128(3)),
            ),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(BlobKey::parse(&text), Some(key));
        }
        for wrong in ["", "uploads", "uploads/ten_1/x", &format!("other/{tenant}/{file}"), &format!("files/{tenant}")] {
            assert_eq!(BlobKey::parse(wrong), None, "{wrong}");
        }
    }
}
