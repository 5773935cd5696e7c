//! Attachments: the items by which an order's files are found. Each of its file knows of it as well; the two are written
//! together.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use domain::attachment::{Attachment, FILES_PER_ORDER_MAX, Slot};
use domain::ids::{OrderId, TenantId};
use ports::PortError;
use ports::platform::Attachments;
use serde::{Deserialize, Serialize};

use super::key::{Key, Partition};
use super::query::Bounds;
use super::record::{Kind, Reader, Stored, Unreadable};
use super::transact::built;
use super::{PlatformTable, Table};

#[async_trait]
impl Attachments for PlatformTable {
    async fn of_order(&self, tenant: TenantId, order: OrderId) -> Result<Vec<Attachment>, PortError> {
        let partition = Partition::attachments(tenant, order);
        let found =
            self.platform.oldest_first("list an order's files", partition, Bounds::default(), FILES_PER_ORDER_MAX);
        let mut found: Vec<Attachment> = found.await?;
        // They lie by their slots.
        found.sort_unstable_by_key(|attachment| attachment.id);
        Ok(found)
    }
}

/// Stands when it is this one that is there.
pub(super) fn delete(table: &Table, attachment: &Attachment) -> Result<TransactWriteItem, PortError> {
    let delete = Delete::builder()
        .table_name(&*table.name)
        .set_key(Some(attachment.key().into_attributes()))
        .condition_expression("#id = :id")
        .expression_attribute_names("#id", "id")
        .expression_attribute_values(":id", AttributeValue::S(attachment.id.to_string()));
    Ok(TransactWriteItem::builder().delete(built(delete.build())?).build())
}

impl Stored for Attachment {
    const KIND: Kind = Kind::Attachment;
    type Record = AttachmentRecord;

    fn key(&self) -> Key {
        Key::attachment(self.tenant, self.order, self.slot)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AttachmentRecord {
    id: String,
    tenant: String,
    order: String,
    file: String,
    slot: usize,
}

impl From<&Attachment> for AttachmentRecord {
    fn from(attachment: &Attachment) -> Self {
        let Attachment { id, tenant, order, file, slot } = attachment;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            order: order.to_string(),
            file: file.to_string(),
            slot: slot.number().into(),
        }
    }
}

impl TryFrom<AttachmentRecord> for Attachment {
    type Error = Unreadable;

    fn try_from(record: AttachmentRecord) -> Result<Self, Unreadable> {
        let AttachmentRecord { id, tenant, order, file, slot } = record;
        let reader = Reader(Kind::Attachment);
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            order: reader.parse("order", &order)?,
            file: reader.parse("file", &file)?,
            slot: reader.known("slot", Slot::new(slot))?,
        })
    }
}
