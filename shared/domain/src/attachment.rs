//! Files that are attached to orders: an invoice, a delivery note, a photo. An order has as many slots as it may have files and
//! each attachment takes one of them, so that the bound holds without a count that all who attach would have to write.

use crate::file::{File, FileStatus};
use crate::ids::{AttachmentId, FileId, OrderId, TenantId};
use crate::time::Timestamp;

pub const FILES_PER_ORDER_MAX: usize = 50;
/// A file and all its attachments are deleted by one transaction, which takes a hundred items.
pub const ORDERS_PER_FILE_MAX: usize = 50;

/// Where among the files of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    pub fn new(number: usize) -> Option<Self> {
        u8::try_from(number).ok().filter(|_| number < FILES_PER_ORDER_MAX).map(Self)
    }

    pub fn all() -> impl Iterator<Item = Self> {
        (0..FILES_PER_ORDER_MAX).filter_map(Self::new)
    }

    pub fn number(self) -> u8 {
        self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment {
    /// Ids are in the order of time: an order's files are listed by it.
    pub id: AttachmentId,
    pub tenant: TenantId,
    pub order: OrderId,
    pub file: FileId,
    pub slot: Slot,
}

impl Attachment {
    pub fn attached_at(&self) -> Timestamp {
        self.id.made_at()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentRefusal {
    #[error("the file is {}", .current.as_str())]
    NotReady { current: FileStatus },
    #[error("the order has {FILES_PER_ORDER_MAX} files: detach one first")]
    TooManyFiles,
    #[error("the file is attached to {ORDERS_PER_FILE_MAX} orders: detach it from one first, or upload it once more")]
    TooManyOrders,
}

impl File {
    /// Its attachment to the order, where it has one.
    pub fn attachment_to(&self, order: OrderId) -> Option<Attachment> {
        self.attachments.iter().find(|attachment| attachment.order == order).copied()
    }

    /// `taken` is what the order has. For a file that is not attached to it.
    pub fn attach(
        &self,
        id: AttachmentId,
        order: OrderId,
        taken: &[Attachment],
    ) -> Result<(Self, Attachment), AttachmentRefusal> {
        match self.status {
            FileStatus::Ready => {}
            FileStatus::Pending | FileStatus::Rejected | FileStatus::Deleted => {
                return Err(AttachmentRefusal::NotReady { current: self.status });
            }
        }
        if self.attachments.len() >= ORDERS_PER_FILE_MAX {
            return Err(AttachmentRefusal::TooManyOrders);
        }
        let is_free = |slot: &Slot| taken.iter().all(|attachment| attachment.slot != *slot);
        let free: Vec<Slot> = Slot::all().filter(is_free).collect();
        let slot = chosen(&free, self.id).ok_or(AttachmentRefusal::TooManyFiles)?;
        let attachment = Attachment { id, tenant: self.tenant, order, file: self.id, slot };
        let attachments = self.attachments.iter().copied().chain([attachment]).collect();
        Ok((self.with_attachments(attachments), attachment))
    }

    /// None where it is not attached to the order.
    pub fn detach(&self, order: OrderId) -> Option<(Self, Attachment)> {
        let gone = self.attachment_to(order)?;
        let rest = self.attachments.iter().copied().filter(|attachment| *attachment != gone).collect();
        Some((self.with_attachments(rest), gone))
    }

    /// What is shown of the file stays as it is, with the time of its last change.
    fn with_attachments(&self, attachments: Vec<Attachment>) -> Self {
        Self { attachments, version: self.version + 1, ..self.clone() }
    }
}

/// Files that are attached at once rarely want the same one.
fn chosen(free: &[Slot], file: FileId) -> Option<Slot> {
    let count = u128::try_from(free.len()).ok().filter(|count| *count > 0)?;
    usize::try_from(file.as_u128() % count).ok().and_then(|index| free.get(index).copied())
}

#[cfg(test)]
#[path = "attachment_tests.rs"]
mod tests;
