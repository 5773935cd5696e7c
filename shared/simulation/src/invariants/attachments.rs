//! What an order's list shows are files that are ready and know of it, each by one slot, and each attachment is told of.

use std::collections::{BTreeMap, BTreeSet};

use domain::attachment::{Attachment, FILES_PER_ORDER_MAX, ORDERS_PER_FILE_MAX};
use domain::event::EventType;
use domain::file::{File, FileStatus};

use super::{Books, Holds, ensure};
use crate::world::World;

pub(super) fn hold(world: &World, files: &[File], books: &Books) -> Holds {
    let attachments = world.store.attachments();
    let known = files.iter().flat_map(|file| &file.attachments);
    let agree = known.clone().count() == attachments.len() && known.clone().all(|known| attachments.contains(known));
    ensure(agree, || format!("files know of {:?}, orders of {attachments:?}", known.collect::<Vec<_>>()))?;
    of_orders(books, &attachments)?;
    files.iter().try_for_each(|file| of_file(books, file))
}

fn of_orders(books: &Books, attachments: &[Attachment]) -> Holds {
    let mut of_orders: BTreeMap<_, Vec<&Attachment>> = BTreeMap::new();
    for attachment in attachments {
        of_orders.entry(attachment.order).or_default().push(attachment);
    }
    of_orders.into_iter().try_for_each(|(id, attached)| {
        let order = books.orders.get(&id);
        let is_its = order.is_some_and(|order| attached.iter().all(|it| it.tenant == order.tenant));
        ensure(is_its, || format!("{attached:?} are of {order:?}"))?;
        let files: BTreeSet<_> = attached.iter().map(|attachment| attachment.file).collect();
        let is_once_each = files.len() == attached.len() && attached.len() <= FILES_PER_ORDER_MAX;
        ensure(is_once_each, || format!("{id} has {} attachments of {} files", attached.len(), files.len()))
    })
}

fn of_file(books: &Books, file: &File) -> Holds {
    let (id, count) = (file.id.to_string(), file.attachments.len());
    let is_own = file.attachments.iter().all(|it| (it.tenant, it.file) == (file.tenant, file.id));
    ensure(is_own, || format!("{id} has others' attachments: {:?}", file.attachments))?;
    let may_be = count == 0 || (file.status == FileStatus::Ready && count <= ORDERS_PER_FILE_MAX);
    ensure(may_be, || format!("{id} is {} and has {count} attachments", file.status.as_str()))?;
    let (attached, detached) =
        (books.events_of(&id, EventType::FileAttached), books.events_of(&id, EventType::FileDetached));
    let is_told = match file.status {
        FileStatus::Deleted => attached >= detached,
        FileStatus::Pending | FileStatus::Ready | FileStatus::Rejected => attached == detached + count,
    };
    ensure(is_told, || format!("{id}: {attached} times attached, {detached} times detached, {count} are left"))
}
