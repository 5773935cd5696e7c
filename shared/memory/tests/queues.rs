//! Receiving: what SQS does with messages that are worked on, failed and forgotten.

use std::collections::BTreeSet;
use std::time::Duration;

use coffer_memory::{Clock, DeadLetter, Delivery, Fault, Faults, Queues};
use contract::World;
use contract::builders::notice;
use domain::event::{Notice, Queue};
use ports::PortErrorKind;
use ports::queues::{Queues as _, Redelivery, WAIT_MAX};

const HIDDEN: Duration = Duration::from_secs(60);
const RECEIVES_MAX: u32 = 3;

fn notices(count: usize) -> Vec<Notice> {
    let world = World::new(1);
    let tenant = world.tenant();
    (0..count).map(|_| notice(tenant, world.mint())).collect()
}

async fn filled(faults: Faults, notices: &[Notice]) -> (Clock, Queues) {
    let clock = Clock::default();
    let queues = Queues::new(clock.clone(), faults, RECEIVES_MAX);
    queues.send(Queue::Payments, notices).await.expect("no fault is planned");
    (clock, queues)
}

fn receive(queues: &Queues, count: usize) -> Vec<Delivery> {
    queues.receive(Queue::Payments, count, HIDDEN)
}

fn contents(deliveries: &[Delivery]) -> Vec<Notice> {
    deliveries.iter().map(|delivery| delivery.notice.clone()).collect()
}

#[tokio::test]
async fn a_message_hides_while_it_is_worked_on_and_ends_when_deleted() {
    let sent = notices(3);
    let (clock, queues) = filled(Faults::none(), &sent).await;
    let first = receive(&queues, 2);
    assert_eq!(contents(&first), sent[..2]);
    assert_eq!(contents(&receive(&queues, 10)), sent[2..]);
    assert_eq!(receive(&queues, 10), []);
    assert!(queues.receive(Queue::Refunds, 10, HIDDEN).is_empty(), "another queue");

    for _ in 0..2 {
        queues.delete(&first[0].message);
    }
    clock.advance(HIDDEN);
    let again = receive(&queues, 10);
    assert_eq!(contents(&again), sent[1..], "what was not deleted comes back");
    assert_eq!(again[0].message.receive_count, 2);
    assert_ne!(again[0].message.receipt, first[1].message.receipt);
    assert_eq!(queues.len(Queue::Payments), 2);
}

#[tokio::test]
async fn a_delayed_message_comes_when_its_wait_is_over() {
    let (clock, queues) = filled(Faults::none(), &notices(1)).await;
    let [delivery] = receive(&queues, 1).try_into().expect("one message");
    queues.delay(&delivery.message, Duration::from_secs(5)).await.expect("no fault is planned");
    clock.advance(Duration::from_secs(4));
    assert!(receive(&queues, 1).is_empty());
    clock.advance(Duration::from_secs(1));
    let [again] = receive(&queues, 1).try_into().expect("one message");

    queues.delay(&delivery.message, Duration::ZERO).await.expect("no fault is planned");
    assert!(receive(&queues, 1).is_empty(), "an old receipt has no say");
    queues.change_visibility(&again.message, Duration::ZERO);
    assert_eq!(receive(&queues, 1).len(), 1);
}

#[tokio::test]
async fn a_message_received_in_vain_too_often_is_a_dead_letter() {
    let sent = notices(1);
    let (clock, queues) = filled(Faults::none(), &sent).await;
    for _ in 0..RECEIVES_MAX {
        assert_eq!(receive(&queues, 1).len(), 1);
        assert!(queues.dead_letters(Queue::Payments).is_empty());
        clock.advance(HIDDEN);
    }
    assert!(receive(&queues, 1).is_empty());
    assert_eq!(queues.dead_letters(Queue::Payments), [DeadLetter { notice: sent[0].clone(), reason: None }]);
    assert!(queues.is_empty(Queue::Payments));
}

#[tokio::test]
async fn a_buried_message_is_a_dead_letter_with_its_reason() {
    let sent = notices(1);
    let (_, queues) = filled(Faults::none(), &sent).await;
    let [delivery] = receive(&queues, 1).try_into().expect("one message");
    queues.bury(&delivery.message, "names no payment").await.expect("no fault is planned");
    let reason = Some("names no payment".to_owned());
    assert_eq!(queues.dead_letters(Queue::Payments), [DeadLetter { notice: sent[0].clone(), reason }]);
    assert_eq!(queues.len(Queue::Payments), 1, "it is the worker's to delete");
    queues.delete(&delivery.message);
    assert!(queues.bury(&delivery.message, "again").await.is_err(), "there is nothing to bury");
}

#[tokio::test]
async fn order_is_the_seed_s_and_nothing_is_lost() {
    let sent = notices(8);
    let order = async |seed| {
        let (_, queues) = filled(Faults::seeded(seed), &sent).await;
        contents(&receive(&queues, 10))
    };
    assert_eq!(order(1).await, order(1).await);
    assert_ne!(order(1).await, order(2).await);
    let ids = |notices: &[Notice]| notices.iter().map(|notice| notice.event).collect::<BTreeSet<_>>();
    assert_eq!(ids(&order(1).await), ids(&sent));
}

#[tokio::test]
async fn notices_sent_again_after_a_lost_answer_come_twice() {
    let sent = notices(1);
    let faults = Faults::none();
    let (_, queues) = filled(faults.clone(), &[]).await;
    faults.fail("queues.send", 1, Fault::TimedOutAfter);
    assert!(queues.send(Queue::Payments, &sent).await.is_err());
    queues.send(Queue::Payments, &sent).await.expect("no fault is planned");
    assert_eq!(contents(&receive(&queues, 10)), [sent[0].clone(), sent[0].clone()]);
}

#[tokio::test]
async fn what_is_sent_for_later_is_not_seen_before() {
    let world = World::new(1);
    let clock = Clock::default();
    let queues = Queues::new(clock.clone(), Faults::none(), 3);
    let notice = notice(world.tenant(), world.mint());
    let wait = Duration::from_secs(5);
    queues.send_after(Queue::Payments, wait, std::slice::from_ref(&notice)).await.expect("sent");
    assert!(queues.receive(Queue::Payments, 1, HIDDEN).is_empty());
    clock.advance(wait);
    assert_eq!(queues.receive(Queue::Payments, 1, HIDDEN).len(), 1);
    let too_long = queues.send_after(Queue::Payments, WAIT_MAX + wait, &[notice]).await;
    assert_eq!(too_long.map_err(|error| error.kind), Err(PortErrorKind::Rejected));
}
