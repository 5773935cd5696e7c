//! Sending: what was sent arrives at its own queue, whole. Receiving is no port's matter (the platform hands messages to
//! workers), so the adapter's test brings a way to receive what a queue holds just now.

use domain::event::{EventType, Notice, Queue};
use ports::queues::Queues;

use crate::World;
use crate::builders::notice;

/// More than one call of SQS carries, and not a multiple of it.
const NOTICES: usize = 23;
const TRIES_MAX: u32 = 200;

pub async fn every_notice_arrives(queues: &dyn Queues, mut receive: impl AsyncFnMut(Queue) -> Vec<Notice>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    for queue in Queue::ALL {
        let kinds = EventType::ALL.iter().cycle();
        let mut sent: Vec<Notice> =
            kinds.take(NOTICES).map(|kind| Notice { kind: *kind, ..notice(tenant, world.mint()) }).collect();
        sent[0].trace = None;
        sent[1].subject = "Grüße, \"東京\"".to_owned();
        queues.send(queue, &sent).await.expect("notices are sent");

        let mut missing = sent.clone();
        for _ in 0..TRIES_MAX {
            for found in receive(queue).await {
                let ours = found.tenant == tenant;
                assert!(!ours || sent.contains(&found), "a notice was changed, or sent to another queue: {found:?}");
                missing.retain(|notice| *notice != found);
            }
            if missing.is_empty() {
                break;
            }
        }
        assert!(missing.is_empty(), "{} of {NOTICES} notices did not arrive at {queue:?}", missing.len());
    }
}

pub async fn sending_nothing_is_no_error(queues: &dyn Queues) {
    for queue in Queue::ALL {
        queues.send(queue, &[]).await.expect("there is nothing that could fail");
    }
}
