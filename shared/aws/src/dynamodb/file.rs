//! Files: their item and their list. The bytes are not here.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::attachment::{Attachment, Slot};
use domain::file::{Checksum, ContentType, File, FileName, FileSize, FileStatus, Rejection};
use domain::ids::{FileId, TenantId};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::platform::Files;
use serde::{Deserialize, Serialize};

use super::PlatformTable;
use super::key::platform::parse_file;
use super::key::{DueKind, IndexKey, Key, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, ms};
use crate::digest::{from_hex, to_hex};

#[async_trait]
impl Files for PlatformTable {
    async fn get(&self, tenant: TenantId, id: FileId, consistency: Consistency) -> Result<Option<File>, PortError> {
        self.platform.get("get a file", Key::file(tenant, id), consistency).await
    }

    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<FileId>,
        consistency: Consistency,
    ) -> Result<Vec<File>, PortError> {
        let keys = ids.iter().map(|id| Key::file(tenant, *id)).collect();
        self.platform.get_many("get files", keys, consistency).await
    }

    async fn list(&self, tenant: TenantId, page: PageRequest<FileId>) -> Result<Page<File, FileId>, PortError> {
        let listing = Listing { partition: Partition::files(tenant), from: None, to: None, page, filter: None };
        self.platform.page("list files", listing).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, FileId)>, PortError> {
        self.platform.due("find due files", DueKind::File, now, limit, parse_file).await
    }
}

impl Stored for File {
    const KIND: Kind = Kind::File;
    type Record = FileRecord;

    fn key(&self) -> Key {
        Key::file(self.tenant, self.id)
    }

    fn index_keys(&self) -> Vec<IndexKey> {
        IndexKey::file_listed(self).into_iter().chain(IndexKey::file_due(self)).collect()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Self::expires_at(self)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FileRecord {
    id: String,
    tenant: String,
    name: String,
    content_type: String,
    /// Bytes.
    size: i64,
    /// SHA-256, hexadecimal.
    checksum: String,
    status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rejection: Option<String>,
    upload_before_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachedRecord>,
    created_at_ms: i64,
    updated_at_ms: i64,
    version: u64,
}

/// An attachment as its file knows it; its own item is in `attachment`.
#[derive(Serialize, Deserialize)]
struct AttachedRecord {
    id: String,
    order: String,
    slot: usize,
}

impl From<&Attachment> for AttachedRecord {
    fn from(attachment: &Attachment) -> Self {
        let Attachment { id, tenant: _, order, file: _, slot } = attachment;
        Self { id: id.to_string(), order: order.to_string(), slot: slot.number().into() }
    }
}

impl AttachedRecord {
    fn of(self, tenant: TenantId, file: FileId) -> Result<Attachment, Unreadable> {
        let Self { id, order, slot } = self;
        let reader = Reader(Kind::File);
        Ok(Attachment {
            id: reader.parse("attachments", &id)?,
            tenant,
            order: reader.parse("attachments", &order)?,
            file,
            slot: reader.known("attachments", Slot::new(slot))?,
        })
    }
}

impl From<&File> for FileRecord {
    fn from(file: &File) -> Self {
        let File {
            id,
            tenant,
            name,
            content_type,
            size,
            checksum: Checksum(checksum),
            status,
            rejection,
            upload_before,
            check_at,
            attachments,
            created_at,
            updated_at,
            version,
        } = file;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            name: name.as_str().to_owned(),
            content_type: content_type.as_str().to_owned(),
            size: size.bytes().into(),
            checksum: to_hex(checksum),
            status: status.as_str().to_owned(),
            rejection: rejection.map(|rejection| rejection.as_str().to_owned()),
            upload_before_ms: ms(*upload_before),
            check_at_ms: check_at.map(ms),
            attachments: attachments.iter().map(AttachedRecord::from).collect(),
            created_at_ms: ms(*created_at),
            updated_at_ms: ms(*updated_at),
            version: *version,
        }
    }
}

impl TryFrom<FileRecord> for File {
    type Error = Unreadable;

    fn try_from(record: FileRecord) -> Result<Self, Unreadable> {
        let FileRecord {
            id,
            tenant,
            name,
            content_type,
            size,
            checksum,
            status,
            rejection,
            upload_before_ms,
            check_at_ms,
            attachments,
            created_at_ms,
            updated_at_ms,
            version,
        } = record;
        let reader = Reader(Kind::File);
        let rejection = rejection.map(|text| reader.known("rejection", Rejection::parse(&text))).transpose()?;
        let (id, tenant) = (reader.parse("id", &id)?, reader.parse("tenant", &tenant)?);
        Ok(Self {
            id,
            tenant,
            name: reader.valid("name", FileName::parse(&name))?,
            content_type: reader.known("content_type", ContentType::parse(&content_type))?,
            size: reader.valid("size", FileSize::new(size))?,
            checksum: Checksum(reader.known("checksum", from_hex(&checksum))?),
            status: reader.known("status", FileStatus::parse(&status))?,
            rejection,
            upload_before: Timestamp::from_ms(upload_before_ms),
            check_at: check_at_ms.map(Timestamp::from_ms),
            attachments: attachments.into_iter().map(|it| it.of(tenant, id)).collect::<Result<_, _>>()?,
            created_at: Timestamp::from_ms(created_at_ms),
            updated_at: Timestamp::from_ms(updated_at_ms),
            version,
        })
    }
}
