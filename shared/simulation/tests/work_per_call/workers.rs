//! Work per message: what each worker, stream consumer and sweep asks of its stores.

use std::time::Duration;

use coffer_simulation::{Consumer, Furniture, World, run};
use domain::event::Queue;
use serde_json::json;

use super::counted;

#[test]
fn settling_a_payment_is_three_reads_one_call_outside_and_one_transaction() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    assert!(world.deliver(Consumer::OutboxPublish));
    world.pay(furniture.owner(), Some(&furniture.open_order), Furniture::TOTAL, "tok_success");
    world.faults.forget_calls();
    assert!(world.deliver(Consumer::OutboxPublish));
    let sends = ["queues.send", "queues.send", "queues.send", "events.mark_published"];
    assert_eq!(world.faults.tally(), counted(&sends), "outbox-publish: to payments, webhooks and realtime");
    world.faults.forget_calls();
    world.work(Queue::Payments);
    let reads = ["payments.get", "connections.get", "orders.get", "fees.get"];
    let expected = counted(&[reads.as_slice(), &["provider.charge", "commerce.commit"]].concat());
    assert_eq!(world.faults.tally(), expected, "payments-process");
    world.faults.forget_calls();
    assert!(world.deliver(Consumer::OutboxPublish));
    let marks = ["events.mark_published", "events.mark_published"];
    let sends = ["queues.send", "queues.send", "queues.send", "queues.send"];
    let expected = counted(&[&marks[..], &sends].concat());
    assert_eq!(world.faults.tally(), expected, "receipts, notifications, webhooks, realtime");
}

#[test]
fn a_receipt_is_five_reads_a_look_and_a_put() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.pay(furniture.owner(), Some(&furniture.open_order), Furniture::TOTAL, "tok_success");
    assert!(world.deliver(Consumer::OutboxPublish));
    world.work(Queue::Payments);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Receipts);
    let reads = ["payments.get", "orders.get", "accounts.transaction", "tenants.get", "mail.settings"];
    assert_eq!(world.faults.tally(), counted(&[&reads[..], &["blobs.head", "blobs.put"]].concat()));
}

#[test]
fn telling_a_customer_is_five_reads_and_two_calls_around_the_mail() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.pay(furniture.owner(), Some(&furniture.open_order), Furniture::TOTAL, "tok_success");
    assert!(world.deliver(Consumer::OutboxPublish));
    world.work(Queue::Payments);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Notifications);
    let reads = ["mail.settings", "payments.get", "orders.get", "tenants.get", "mail.refusal"];
    let sends = ["opt_out.sign", "mail.claim", "mailer.send", "mail.mark_sent"];
    assert_eq!(world.faults.tally(), counted(&[&reads[..], &sends].concat()));
}

#[test]
fn settling_a_refund_reads_what_it_decides_on_after_the_provider_again() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.refund(furniture.owner(), &furniture.payment, 100).ok(202);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Refunds);
    let before = ["refunds.get", "payments.get", "connections.get", "provider.find_refund", "provider.refund"];
    let after = ["refunds.get", "payments.get", "orders.get", "commerce.commit"];
    assert_eq!(world.faults.tally(), counted(&[before.as_slice(), &after].concat()));
}

/// One look-up a name of the provider's, a hundred transactions a read.
#[test]
fn matching_a_statement_reads_its_period_and_what_its_lines_name() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    let line = |reference: &str| json!({ "reference": reference, "kind": "charge", "amount": 1, "currency": "EUR" });
    // So that what the furniture has done is in the period.
    world.clock.advance(Duration::from_secs(1));
    world.state(furniture.owner(), &[line("ch_a"), line("ch_b"), line("ch_b"), line(&furniture.payment)]);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Statements);
    let period = ["accounts.list", "closings.entries", "closings.entries"];
    let names = ["provider_references.referenced", "provider_references.referenced", "journal.transactions"];
    let rest = ["statements.get", "statements.lines", "payments.get_many", "connections.get", "commerce.commit"];
    assert_eq!(world.faults.tally(), counted(&[period.as_slice(), &names, &rest].concat()));
}

#[test]
fn what_a_provider_tells_of_a_settled_payment_is_one_read_and_one_question() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    let told = world.provider_tells(&furniture.shop.tenant, &furniture.payment, "evt_once_more");
    world.call(told).ok(200);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Providers);
    assert_eq!(world.faults.tally(), counted(&["payments.get", "connections.get", "provider.find_disputes"]));
}

#[test]
fn a_sweep_of_nothing_is_five_queries() {
    let world = World::new();
    Furniture::of(&world, "tea");
    world.faults.forget_calls();
    world.sweep().expect("nothing fails");
    let expected = ["due.events", "due.payments", "due.refunds", "due.disputes", "statements.due"];
    assert_eq!(world.faults.tally(), counted(&expected));
}

#[test]
fn an_upload_is_looked_at_and_copied_once() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.file(furniture.owner(), "good.pdf");
    world.faults.forget_calls();
    assert_eq!(world.ingest(), 1);
    let looks = ["files.get", "blobs.head", "blobs.beginning"];
    let writes = ["blobs.copy", "platform.commit", "blobs.delete"];
    assert_eq!(world.faults.tally(), counted(&[looks, writes].concat()));
}

#[test]
fn a_report_reads_a_page_at_a_time_and_is_written_once() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Jobs);
    let taken = ["jobs.line", "jobs.get", "platform.commit", "payments.list"];
    let written = ["blobs.put", "platform.commit", "jobs.line"];
    assert_eq!(world.faults.tally(), counted(&[&taken[..], &written[..]].concat()));
    assert!(world.show(furniture.owner(), &format!("/v1/jobs/{}", furniture.job))["result"]["url"].is_string());
}

#[test]
fn a_sweep_of_the_platform_that_finds_nothing_is_three_queries() {
    let world = World::new();
    Furniture::of(&world, "tea");
    world.faults.forget_calls();
    world.platform_sweep().expect("nothing fails");
    assert_eq!(world.faults.tally(), counted(&["files.due", "jobs.due", "schedules.due"]));
}

#[test]
fn an_occurrence_of_a_schedule_is_one_read_and_one_transaction() {
    let world = World::new();
    let shop = world.sign_up("tea");
    world.schedule(&shop.owner.caller, "30 * * * *");
    world.clock.advance(Duration::from_secs(3_600));
    world.faults.forget_calls();
    world.platform_sweep().expect("nothing fails");
    let looked = ["files.due", "jobs.due", "schedules.due"];
    let occurred = ["schedules.get", "platform.commit"];
    assert_eq!(world.faults.tally(), counted(&[&looked[..], &occurred[..]].concat()));
}

#[test]
fn journaling_a_batch_is_one_read_and_one_transaction() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    for amount in [100, 200, 300] {
        world.pay(furniture.owner(), None, amount, "tok_success");
    }
    assert!(world.deliver(Consumer::OutboxPublish));
    world.work(Queue::Payments);
    world.faults.forget_calls();
    assert!(world.deliver(Consumer::LedgerJournal));
    assert_eq!(world.faults.tally(), counted(&["journal.head", "journal.append"]));
}

#[test]
fn a_verification_of_nothing_is_two_queries() {
    let world = World::new();
    world.verify(&serde_json::Value::Null).expect("nothing fails");
    assert_eq!(world.faults.tally(), counted(&["journal.left_out", "verifications.due"]));
}

#[test]
fn an_event_that_nobody_listens_for_is_one_read() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.run_until_quiet();
    world.order(furniture.owner(), 500);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Realtime);
    assert_eq!(world.faults.tally(), counted(&["feeds.newest"]));
}

#[test]
fn a_push_is_a_lease_a_look_at_the_token_and_a_place() {
    let world = World::new();
    let furniture = Furniture::of(&world, "tea");
    world.run_until_quiet();
    let owner = world.log_in(&furniture.shop.owner.email).caller;
    world.faults.forget_calls();
    assert_eq!(run(world.open_socket("s", owner.clone())).status, 200);
    let opened = ["sessions.get", "users.get", "sockets.put", "sockets.all", "queues.send"];
    assert_eq!(world.faults.tally(), counted(&opened), "realtime-connect");
    let subscribe = json!({ "action": "subscribe", "topics": ["orders"] });
    // The first subscription of a tenant begins its feed.
    assert_eq!(world.say("s", &subscribe).code, None);
    world.settle();
    assert_eq!(run(world.open_socket("t", owner.clone())).status, 200);
    world.faults.forget_calls();
    assert_eq!(world.say("t", &subscribe).code, None);
    let place = ["sockets.get", "feeds.newest", "feeds.newest", "events.between", "feeds.newest", "feeds.from"];
    let answer = ["sockets.put", "pusher.push", "sockets.get", "sockets.put", "queues.send"];
    assert_eq!(world.faults.tally(), counted(&[&place[..], &answer].concat()), "realtime-message");
    world.settle();
    assert_eq!(run(world.disconnect_step("t")).status, 200);
    // Its event is newer than what the feed has: of one millisecond, either may be first.
    world.clock.advance(Duration::from_secs(1));
    world.order(&owner, 500);
    assert!(world.deliver(Consumer::OutboxPublish));
    world.faults.forget_calls();
    world.work(Queue::Realtime);
    let feed = ["feeds.newest", "events.between", "feeds.append", "sockets.all"];
    let lease = ["sockets.get", "sockets.put", "feeds.from", "sessions.get", "users.get"];
    let push = ["events.between", "pusher.push", "sockets.get", "sockets.put"];
    let rest = ["feeds.from", "sockets.put"];
    assert_eq!(world.faults.tally(), counted(&[&feed[..], &lease, &push, &rest].concat()), "realtime-push");
    assert_eq!(world.heard_of("s").len(), 1);
}
