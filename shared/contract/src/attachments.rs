//! Attachments: what an order has and what its files know of is one, and a slot is taken once.

use std::time::Duration;

use domain::attachment::{Attachment, FILES_PER_ORDER_MAX, ORDERS_PER_FILE_MAX};
use domain::file::File;
use domain::ids::{OrderId, TenantId};
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::platform::{PlatformChange, PlatformCommit};

use crate::builders::file;
use crate::platform::{Outcome, changes, commit, write};
use crate::{PlatformTable, World};

/// A tenant's files, which can be attached.
struct Shelf<'a> {
    table: PlatformTable<'a>,
    world: World,
    tenant: TenantId,
}

impl<'a> Shelf<'a> {
    fn new(table: PlatformTable<'a>, seed: u128) -> Self {
        let world = World::new(seed);
        let tenant = world.tenant();
        Self { table, world, tenant }
    }

    async fn file(&self) -> File {
        let file = file(self.tenant, self.world.mint()).accept(self.world.now()).expect("it is pending");
        write(self.table.platform, self.one(PlatformChange::CreateFile(file.clone()))).await;
        file
    }

    fn one(&self, change: PlatformChange) -> PlatformCommit {
        changes(self.tenant, [change], self.world.now())
    }

    async fn try_to(&self, change: PlatformChange) -> Outcome {
        commit(self.table.platform, self.one(change)).await
    }

    /// Attaches the file as it is handed over, a moment after whatever was attached before.
    async fn attach(&self, file: &File, order: OrderId) -> (File, Attachment) {
        self.world.advance(Duration::from_millis(1));
        let (file, attachment) = self.next(file, order, &self.of(order).await);
        let change = PlatformChange::AttachFile { file: file.clone(), attachment };
        assert_eq!(self.try_to(change).await, Outcome::Done);
        (file, attachment)
    }

    fn next(&self, file: &File, order: OrderId, taken: &[Attachment]) -> (File, Attachment) {
        file.attach(self.world.id(), order, taken).expect("there is room")
    }

    async fn of(&self, order: OrderId) -> Vec<Attachment> {
        self.table.attachments.of_order(self.tenant, order).await.expect("an order's files are read")
    }

    async fn stored(&self, file: &File) -> File {
        let found = self.table.files.get(self.tenant, file.id, Consistency::Strong).await.expect("a file is read");
        found.expect("it is there")
    }
}

pub async fn an_attachment_is_kept_with_its_file_and_its_order(table: PlatformTable<'_>, seed: u128) {
    let shelf = Shelf::new(table, seed);
    let (first, order, other) = (shelf.file().await, shelf.world.id(), shelf.world.id());
    let (file, attachment) = shelf.attach(&first, order).await;
    assert_eq!((shelf.of(order).await, shelf.stored(&file).await), (vec![attachment], file.clone()));
    let (file, another) = shelf.attach(&file, other).await;
    assert_eq!(file.attachments, [attachment, another]);
    assert_eq!((shelf.of(other).await, shelf.stored(&file).await), (vec![another], file));
    let of_another = table.attachments.of_order(shelf.world.tenant(), order).await.expect("files are read");
    assert_eq!(of_another, [], "another tenant's");
}

pub async fn an_order_s_files_come_oldest_first(table: PlatformTable<'_>, seed: u128) {
    let shelf = Shelf::new(table, seed);
    let (order, other) = (shelf.world.id(), shelf.world.id());
    let mut expected = Vec::new();
    for _ in 0..FILES_PER_ORDER_MAX {
        let file = shelf.file().await;
        expected.push(shelf.attach(&file, order).await.1);
    }
    let file = shelf.file().await;
    shelf.attach(&file, other).await;
    assert_eq!(shelf.of(order).await, expected);
}

/// By an order's attachments as they were read before.
pub async fn a_slot_is_taken_once(table: PlatformTable<'_>, seed: u128) {
    let shelf = Shelf::new(table, seed);
    let order = shelf.world.id();
    let mut rivals = Vec::new();
    for _ in 0..5 {
        let before = shelf.file().await;
        let (after, attachment) = shelf.next(&before, order, &[]);
        let slot = rivals.first().map_or(attachment.slot, |(_, _, first): &(File, File, Attachment)| first.slot);
        let attachment = Attachment { slot, ..attachment };
        rivals.push((before, File { attachments: vec![attachment], ..after }, attachment));
    }
    let attach = rivals.iter().map(|(_, file, attachment)| {
        shelf.try_to(PlatformChange::AttachFile { file: file.clone(), attachment: *attachment })
    });
    let told = join_all(attach).await;
    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), 1, "{told:?}");
    for ((before, after, attachment), told) in rivals.iter().zip(told) {
        let is_in = told == Outcome::Done;
        assert_eq!(&shelf.stored(before).await, if is_in { after } else { before }, "{told:?}");
        assert_eq!(shelf.of(order).await.contains(attachment), is_in, "{told:?}");
    }
}

pub async fn a_file_is_attached_and_detached_by_its_version(table: PlatformTable<'_>, seed: u128) {
    let shelf = Shelf::new(table, seed);
    let (first, order, other) = (shelf.file().await, shelf.world.id(), shelf.world.id());
    let (attached, attachment) = shelf.attach(&first, order).await;
    let (file, rival) = shelf.next(&first, other, &[]);
    assert_eq!(shelf.try_to(PlatformChange::AttachFile { file, attachment: rival }).await, Outcome::Stale);
    assert_eq!((shelf.of(other).await, shelf.stored(&first).await), (Vec::new(), attached.clone()));
    let attachments = vec![attachment];
    let too_late = PlatformChange::DetachFile { file: attached.clone(), attachments: attachments.clone() };
    assert_eq!(shelf.try_to(too_late).await, Outcome::Stale);

    let (detached, gone) = attached.detach(order).expect("it is attached");
    assert_eq!(gone, attachment);
    let detach = PlatformChange::DetachFile { file: detached.clone(), attachments };
    assert_eq!(shelf.try_to(detach.clone()).await, Outcome::Done);
    assert_eq!((shelf.of(order).await, shelf.stored(&first).await), (Vec::new(), detached.clone()));
    assert_eq!(shelf.try_to(detach).await, Outcome::Stale);
    let (again, attachment) = shelf.attach(&detached, order).await;
    assert_eq!((shelf.of(order).await, shelf.stored(&first).await), (vec![attachment], again));
}

/// What is not there cannot be taken away, whatever a file says.
pub async fn only_an_attachment_that_is_there_is_detached(table: PlatformTable<'_>, seed: u128) {
    let shelf = Shelf::new(table, seed);
    let (file, order) = (shelf.file().await, shelf.world.id());
    let (attached, attachment) = shelf.attach(&file, order).await;
    let (detached, _) = attached.detach(order).expect("it is attached");
    let never_was = Attachment { id: shelf.world.id(), ..attachment };
    for attachments in [vec![never_was], vec![attachment, Attachment { order: shelf.world.id(), ..attachment }]] {
        let detach = PlatformChange::DetachFile { file: detached.clone(), attachments };
        assert_eq!(shelf.try_to(detach).await, Outcome::Stale);
    }
    assert_eq!((shelf.of(order).await, shelf.stored(&file).await), (vec![attachment], attached));
}

pub async fn a_file_is_deleted_with_all_its_attachments(table: PlatformTable<'_>, seed: u128) {
    let shelf = Shelf::new(table, seed);
    let orders = [(); ORDERS_PER_FILE_MAX].map(|()| shelf.world.id());
    let mut attached = shelf.file().await;
    let (other, stays) = shelf.attach(&shelf.file().await, orders[0]).await;
    for order in orders {
        attached = shelf.attach(&attached, order).await.0;
    }
    let deleted = attached.delete(shelf.world.now()).expect("it is ready");
    let delete = PlatformChange::DetachFile { file: deleted.clone(), attachments: attached.attachments.clone() };
    assert_eq!(shelf.try_to(delete).await, Outcome::Done);
    for order in orders {
        assert_eq!(shelf.of(order).await, if order == orders[0] { vec![stays] } else { Vec::new() });
    }
    assert_eq!((shelf.stored(&attached).await, shelf.stored(&other).await), (deleted, other));
}
