//! Attachments: rows of refusals, and what holds of any sequence of attaching, detaching and deleting.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::file::{Checksum, ContentType, FileName, FileSize, NewFile};

const NOW: Timestamp = Timestamp::from_ms(60_000);

fn file(number: u128, status: FileStatus) -> File {
    let input = NewFile {
        name: FileName::parse("invoice.pdf").expect("a name"),
        content_type: ContentType::Pdf,
        size: FileSize::new(10).expect("a size"),
        checksum: Checksum([7; 32]),
    };
    let file = File::new(FileId::from_u128(number), TenantId::from_u128(2), input, Timestamp::from_ms(0));
    File { status, check_at: None, ..file }
}

fn id(number: u128) -> AttachmentId {
    AttachmentId::from_u128(number)
}

fn order(number: u128) -> OrderId {
    OrderId::from_u128(number)
}

/// An order's attachments, as many as are asked for.
fn taken(of: OrderId, count: usize) -> Vec<Attachment> {
    let mut taken = Vec::new();
    for number in (1_000..).take(count) {
        taken.push(file(number, FileStatus::Ready).attach(id(number), of, &taken).expect("there is room").1);
    }
    taken
}

fn attached_to(count: usize) -> File {
    let attach = |file: File, number| file.attach(id(number), order(number), &[]).expect("there is room").0;
    (1..).take(count).fold(file(1, FileStatus::Ready), attach)
}

#[test]
fn refusals_in_their_order() {
    use FileStatus::{Deleted, Pending, Ready, Rejected};
    let (full, almost) = (taken(order(9_000), FILES_PER_ORDER_MAX), taken(order(9_000), FILES_PER_ORDER_MAX - 1));
    let busy = attached_to(ORDERS_PER_FILE_MAX);
    let not_ready = |current| Err(AttachmentRefusal::NotReady { current });
    for (file, taken, expected) in [
        (file(1, Pending), &full, not_ready(Pending)),
        (file(1, Rejected), &almost, not_ready(Rejected)),
        (file(1, Deleted), &almost, not_ready(Deleted)),
        (busy, &full, Err(AttachmentRefusal::TooManyOrders)),
        (attached_to(ORDERS_PER_FILE_MAX - 1), &full, Err(AttachmentRefusal::TooManyFiles)),
        (attached_to(ORDERS_PER_FILE_MAX - 1), &almost, Ok(())),
        (file(1, Ready), &Vec::new(), Ok(())),
    ] {
        assert_eq!(file.attach(id(9), order(9_000), taken).map(|_| ()), expected, "{:?}", file.status);
    }
}

#[test]
fn attaching_and_detaching_leave_the_file_as_it_is_shown() {
    let before = file(1, FileStatus::Ready);
    let (attached, attachment) = before.attach(id(9), order(3), &[]).expect("ready");
    assert_eq!((attached.version, attached.updated_at), (before.version + 1, before.updated_at));
    assert_eq!(attached.attachment_to(order(3)), Some(attachment));
    assert_eq!((attachment.tenant, attachment.file), (before.tenant, before.id));
    let (detached, gone) = attached.detach(order(3)).expect("attached");
    assert_eq!((gone, detached), (attachment, File { version: before.version + 2, ..before }));
    assert_eq!(attached.detach(order(4)), None);
}

#[test]
fn a_file_that_is_attached_is_neither_due_nor_forgotten_and_a_deleted_one_is_attached_to_nothing() {
    let attached = attached_to(2);
    assert_eq!((attached.check_at, attached.expires_at()), (None, None));
    let deleted = attached.delete(NOW).expect("ready");
    assert_eq!(deleted.attachments, []);
}

#[test]
fn slots_are_those_of_one_order() {
    assert_eq!(Slot::all().collect::<BTreeSet<_>>().len(), FILES_PER_ORDER_MAX);
    assert_eq!((Slot::new(FILES_PER_ORDER_MAX), Slot::new(0).map(Slot::number)), (None, Some(0)));
}

proptest! {
    /// Whatever is attached, detached and deleted: the slots of an order are taken once each, and by files that know of it.
    #[test]
    fn files_and_orders_agree(steps in prop::collection::vec((0_u128..70, 0_u128..3, 0_u8..10), 1..300)) {
        let mut files: BTreeMap<u128, File> = (0..70).map(|number| (number, file(number, FileStatus::Ready))).collect();
        for (at, (number, of, step)) in steps.into_iter().enumerate() {
            let taken: Vec<_> = files.values().filter_map(|file| file.attachment_to(order(of))).collect();
            let known = files[&number].clone();
            let next = match step {
                0 => known.detach(order(of)).map(|(next, _)| next),
                1 => known.delete(NOW).ok(),
                _ if known.attachment_to(order(of)).is_some() => None,
                _ => known.attach(id(at as u128), order(of), &taken).ok().map(|(next, _)| next),
            };
            files.extend(next.map(|next| (number, next)));
        }
        for of in (0..3).map(order) {
            let slots: Vec<Slot> = files.values().filter_map(|file| file.attachment_to(of)).map(|it| it.slot).collect();
            let distinct: BTreeSet<_> = slots.iter().collect();
            prop_assert_eq!(distinct.len(), slots.len());
            prop_assert!(slots.len() <= FILES_PER_ORDER_MAX);
        }
        prop_assert!(files.values().all(|file| file.attachments.is_empty() || file.status == FileStatus::Ready));
    }
}
