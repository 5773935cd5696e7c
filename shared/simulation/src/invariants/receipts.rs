//! Every payment that has succeeded has the receipt of what it is now, unless its message was buried; nothing else has one.

use domain::event::Queue;
use domain::receipt::ReceiptKey;
use memory::Contents;
use ports::blobs::{Blob, BlobKey};

use super::{Holds, ensure};
use crate::world::World;

pub(super) fn were_made(world: &World, contents: &Contents) -> Holds {
    let keys = world.blobs.keys();
    let buried = world.queues.dead_letters(Queue::Receipts);
    for payment in &contents.payments {
        let id = payment.id.to_string();
        let made = keys.iter().filter(|key| matches!(key.blob, Blob::Receipt { payment: of, .. } if of == payment.id));
        let made: Vec<&BlobKey> = made.collect();
        let Some(key) = ReceiptKey::of(payment) else {
            ensure(made.is_empty(), || format!("{id} is {} and has receipts: {made:?}", payment.status.as_str()))?;
            continue;
        };
        let is_there = made.contains(&&BlobKey::receipt(key));
        let is_buried = buried.iter().any(|letter| letter.notice.subject.starts_with(&id));
        ensure(is_there || is_buried, || format!("{id} has no receipt of {} refunded: {made:?}", key.refunded))?;
        let refunds = contents.refunds.iter().filter(|refund| refund.payment == payment.id).count();
        ensure(made.len() <= 1 + refunds, || format!("{id} has {refunds} refunds and the receipts {made:?}"))?;
    }
    Ok(())
}
