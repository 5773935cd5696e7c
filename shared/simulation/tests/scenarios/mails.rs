//! J6: who is told of what, once, and to whom nothing is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use coffer_simulation::{Ask, Consumer, Fate, World, run, together};
use domain::event::Queue;
use domain::mail::{AddressHash, Mail, MailKind, MailSettings, Refusal, SENDING_FOR};
use domain::text::{Email, Name};
use memory::Fault;
use ports::clock::Clock as _;
use ports::mail::MailBook as _;

use serde_json::json;

use super::Scene;

fn mails(scene: &Scene, kind: MailKind) -> Vec<Mail> {
    scene.world.mailer.taken().into_iter().filter(|mail| mail.kind == kind).collect()
}

/// A customer has paid; the mail about it waits in its queue.
fn paid(scene: &Scene) -> String {
    let order = scene.world.order(scene.owner(), 700).id();
    let payment = scene.world.pay(scene.owner(), Some(&order), 700, "tok_success").id();
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    assert_eq!(scene.world.work(Queue::Payments), [Fate::Done]);
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    payment
}

fn save(scene: &Scene, change: impl FnOnce(&mut MailSettings)) {
    let mut settings = MailSettings { version: 1, ..MailSettings::standard(scene.owner().tenant) };
    change(&mut settings);
    assert!(run(scene.world.store.save_settings(&settings)).expect("nothing fails"));
}

#[test]
fn each_event_has_its_mail_to_whom_it_concerns() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 2_000).id();
    let succeeded = scene.world.pay(scene.owner(), Some(&order), 700, "tok_success").id();
    scene.world.pay(scene.owner(), Some(&order), 100, "tok_declined_expired_card");
    let disputed = scene.world.pay(scene.owner(), Some(&order), 200, "tok_dispute").id();
    scene.comes_to_rest();
    scene.world.call(scene.world.provider_tells(&scene.shop.tenant, &disputed, "evt_1")).ok(200);
    scene.world.refund(&scene.owner_now(), &succeeded, 300).ok(202);
    scene.comes_to_rest();
    let customer = scene.world.show(&scene.owner_now(), &format!("/v1/orders/{order}"))["customer"]["email"].clone();
    let told = |kind: MailKind| {
        let mails = mails(&scene, kind).into_iter();
        mails
            .map(|mail| (mail.to.as_str() == customer.as_str().unwrap_or_default(), mail.from_name))
            .collect::<Vec<_>>()
    };
    let shop = scene.world.store.contents().tenants[0].name.clone();
    assert_eq!(told(MailKind::Receipt), [(true, shop.clone()), (true, shop.clone())]);
    assert_eq!(told(MailKind::PaymentFailed), [(true, shop.clone())]);
    assert_eq!(told(MailKind::Refund), [(true, shop.clone())]);
    assert_eq!(told(MailKind::Dispute), [(false, shop)], "to the owner");
}

#[test]
fn a_payment_without_an_order_has_nobody_to_tell() {
    let scene = Scene::new();
    scene.world.paid(scene.owner(), 500);
    scene.comes_to_rest();
    assert_eq!(scene.world.mailer.taken(), []);
}

#[test]
fn a_message_that_comes_twice_or_beside_itself_sends_one_mail() {
    for seed in 0..40 {
        let scene = Scene::of(World::seeded(seed));
        paid(&scene);
        let [delivery] = scene.world.receive(Queue::Notifications, 1).try_into().expect("one message");
        let workers = (0..3).map(|_| scene.world.step(Queue::Notifications, &delivery.notice));
        let results = together(seed, workers);
        assert!(results.iter().any(Result::is_ok), "seed {seed}");
        assert_eq!(mails(&scene, MailKind::Receipt).len(), 1, "seed {seed}");
        scene.comes_to_rest();
        assert_eq!(mails(&scene, MailKind::Receipt).len(), 1, "seed {seed}");
    }
}

#[test]
fn a_mail_that_was_not_taken_is_sent_later_and_one_whose_note_is_lost_again() {
    for (operation, fault, expected) in [
        ("mailer.send", Fault::Unavailable, 1),
        ("mailer.send", Fault::TimedOutBefore, 1),
        ("mail.claim", Fault::TimedOutAfter, 1),
        ("mail.mark_sent", Fault::TimedOutAfter, 1),
        // It went out and nobody knows: twice is better than never.
        ("mailer.send", Fault::TimedOutAfter, 2),
        ("mail.mark_sent", Fault::Unavailable, 2),
    ] {
        let scene = Scene::new();
        paid(&scene);
        scene.world.faults.fail(operation, 1, fault);
        assert_eq!(scene.world.work(Queue::Notifications), [Fate::Again], "{operation} {fault:?}");
        scene.world.clock.advance(SENDING_FOR);
        scene.comes_to_rest();
        assert_eq!(mails(&scene, MailKind::Receipt).len(), expected, "{operation} {fault:?}");
    }
}

#[test]
fn what_is_turned_off_and_who_refuses_gets_nothing() {
    let scene = Scene::new();
    save(&scene, |settings| settings.off = BTreeSet::from([MailKind::Receipt]));
    let payment = paid(&scene);
    scene.world.work(Queue::Notifications);
    assert_eq!(scene.world.mailer.taken(), []);

    let customer = scene.world.store.contents().orders[0].customer.email.clone();
    let (tenant, now) = (scene.owner().tenant, scene.world.clock.now());
    let refused = scene.world.store.refuse(tenant, AddressHash::of(&customer), Refusal::OptedOut, now);
    run(refused).expect("nothing fails");
    scene.world.refund(&scene.owner_now(), &payment, 300).ok(202);
    scene.world.settle();
    scene.world.clock.advance(Duration::from_secs(60));
    assert_eq!(scene.world.mailer.taken(), []);
    assert!(scene.world.queues.dead_letters(Queue::Notifications).is_empty());
}

#[test]
fn settings_are_read_and_replaced_whole_unless_they_have_changed() {
    let scene = Scene::new();
    let ask = |method| Ask::new(method, "/v1/settings/mail").by(scene.owner());
    let before = scene.world.call(ask("GET")).ok(200);
    assert_eq!(before.body, r#"{"from_name":null,"reply_to":null,"off":[],"updated_at":null}"#);
    let body =
        json!({ "from_name": "The Tea Room", "reply_to": "Help@Tea.example", "off": ["refund", "receipt", "refund"] });
    let saved = scene.world.call(ask("PUT").json(&body)).ok(200);
    assert_eq!((saved.text("/reply_to").as_str(), saved.text("/off/0").as_str()), ("help@tea.example", "receipt"));
    assert_eq!(scene.world.call(ask("GET")).ok(200).body, saved.body);
    let again = scene.world.call(ask("PUT").json(&json!({}))).ok(200);
    assert_eq!((again.header("etag"), again.text("/from_name").as_str()), (Some("\"2\""), ""));
    scene.world.call(ask("PUT").header("if-match", "\"1\"").json(&body)).refused(412, "precondition_failed");
    let wrong = json!({ "from_name": "", "reply_to": "nobody", "off": ["everything"], "on": true });
    let refused = scene.world.call(ask("PUT").json(&wrong)).refused(400, "invalid_fields");
    for pointer in ["/from_name", "/reply_to", "/off", "/on"] {
        assert!(refused.body.contains(&format!("\"pointer\":\"{pointer}\"")), "{pointer}: {}", refused.body);
    }
}

#[test]
fn mails_are_from_whom_and_answered_to_where_the_tenant_says() {
    let scene = Scene::new();
    let (name, address) = (Name::parse("The Tea Room"), Email::parse("help@tea.example"));
    let (name, address) = (name.expect("a name"), address.expect("an address"));
    save(&scene, |settings| {
        (settings.from_name, settings.reply_to) = (Some(name.clone()), Some(address.clone()));
    });
    paid(&scene);
    scene.world.work(Queue::Notifications);
    let [mail] = mails(&scene, MailKind::Receipt).try_into().expect("one mail");
    assert_eq!((mail.from_name, mail.reply_to), (name, Some(address)));
}
