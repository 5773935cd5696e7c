//! J6: who is told of what, once, and to whom nothing is sent.

use std::collections::BTreeSet;
use std::time::Duration;

use coffer_simulation::{Answer, Ask, Consumer, Fate, PASSWORD, Setup, World, run, together};
use domain::event::Queue;
use domain::mail::{AddressHash, Feedback, Mail, MailKind, MailSettings, Refusal, SENDING_FOR};
use domain::payment::PaymentStatus;
use domain::text::{Email, Name};
use memory::{Fault, Manner};
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
    assert_eq!(before.body, r#"{"from_name":null,"reply_to":null,"off":[],"logo_file_id":null,"updated_at":null}"#);
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

fn token(mail: &Mail) -> String {
    let link = mail.opt_out.as_ref().expect("a customer's mail has one").as_str();
    let (path, token) = link.split_once("?token=").expect("a token");
    assert!(path.ends_with("/unsubscribe") && mail.written.text.contains(link), "{}", mail.written.text);
    token.to_owned()
}

fn follow(scene: &Scene, method: &str, token: &str) -> Answer {
    scene.world.call(Ask::new(method, "/v1/unsubscribe").query("token", token).by_nobody())
}

#[test]
fn j6_one_click_in_a_mail_ends_the_shop_s_mail_to_that_reader_and_no_other_s() {
    let scene = Scene::new();
    let payment = paid(&scene);
    scene.world.work(Queue::Notifications);
    let token = token(&mails(&scene, MailKind::Receipt)[0]);
    let page = follow(&scene, "GET", &token);
    assert!(page.status == 200 && page.body.contains("<form method=\"post\">"), "{}", page.body);
    scene.world.refund(&scene.owner_now(), &payment, 100).ok(202);
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Refund).len(), 1, "who only looks has said nothing");
    for _ in 0..2 {
        let done = follow(&scene, "POST", &token);
        assert!(done.status == 200 && done.body.contains("sends nothing more"), "{}", done.body);
    }
    scene.world.refund(&scene.owner_now(), &payment, 100).ok(202);
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Refund).len(), 1, "nothing more is sent");
    let other = scene.world.sign_up("coffee").owner.caller;
    let order = scene.world.order(&other, 500).id();
    scene.world.pay(&other, Some(&order), 500, "tok_success");
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Receipt).len(), 2, "another shop's mail goes on");
}

#[test]
fn j6_a_link_that_was_changed_does_nothing() {
    let scene = Scene::new();
    let payment = paid(&scene);
    scene.world.work(Queue::Notifications);
    let link = mails(&scene, MailKind::Receipt)[0].opt_out.clone().expect("a link");
    let token = link.as_str().rsplit('=').next().expect("a token");
    let other = scene.world.sign_up("coffee").tenant;
    let (_, rest) = token.split_once('.').expect("three parts");
    for token in [format!("{other}.{rest}"), token[..token.len() - 1].to_owned(), format!("{token}0"), "x".to_owned()] {
        for method in ["GET", "POST"] {
            let ask = Ask::new(method, "/v1/unsubscribe").query("token", &token);
            let answer = scene.world.call(ask.by_nobody());
            let is_shown_a_form =
                method == "GET" && token.len() == link.as_str().rsplit('=').next().map_or(0, str::len);
            assert_eq!(answer.status, if is_shown_a_form { 200 } else { 404 }, "{method} {token}");
        }
    }
    scene.world.refund(&scene.owner_now(), &payment, 100).ok(202);
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Refund).len(), 1, "mail goes on");
}

#[test]
fn j6_where_mail_came_back_or_was_called_spam_none_is_sent() {
    for refusal in [Refusal::Bounced, Refusal::Complained] {
        let scene = Scene::new();
        let payment = paid(&scene);
        scene.world.work(Queue::Notifications);
        let address = AddressHash::of(&mails(&scene, MailKind::Receipt)[0].to);
        let feedback = Feedback { tenant: scene.owner().tenant, refusal, addresses: vec![address] };
        scene.world.faults.fail("mail.refuse", 1, Fault::Unavailable);
        assert!(run(scene.world.feedback_step(feedback.clone())).expect_err("it comes again").retryable());
        run(scene.world.feedback_step(feedback)).expect("nothing fails");
        scene.world.refund(&scene.owner_now(), &payment, 100).ok(202);
        scene.world.settle();
        assert_eq!(mails(&scene, MailKind::Refund), [], "{refusal:?}");
        let lift = Ask::delete(format!("/v1/settings/mail/refused/{address}")).by(&scene.owner_now());
        match refusal {
            Refusal::Complained => scene.world.call(lift).refused(409, "illegal_state"),
            Refusal::OptedOut | Refusal::Bounced => scene.world.call(lift).ok(204),
        };
        let refused = scene.world.show(&scene.owner_now(), "/v1/settings/mail/refused");
        assert_eq!(
            refused["data"] != json!([]),
            refusal == Refusal::Complained,
            "a complaint is not the tenant's to take back"
        );
    }
}

#[test]
fn j6_k7_owners_are_told_of_an_endpoint_that_was_disabled_without_its_token() {
    let scene = Scene::new();
    let url = "https://hooks.example/services/hidden-path?token=hidden-query";
    let id = scene.world.endpoint(scene.owner(), url, &json!({ "types": ["order.*"] })).id();
    scene.world.receivers.set(url, Manner::Answers(410));
    scene.world.order(scene.owner(), 500);
    scene.world.run_until_quiet();
    let [mail] = &mails(&scene, MailKind::WebhookDisabled)[..] else { panic!("one mail") };
    assert_eq!((mail.to.as_str(), &mail.opt_out), (scene.shop.owner.email.as_str(), &None));
    assert!(mail.written.text.contains(&id) && mail.written.text.contains("https://hooks.example any more"));
    assert!(!format!("{}{}", mail.written.text, mail.written.html).contains("hidden"));
}

/// As in production, where whoever signs up has no provider.
#[test]
fn j6_a_payment_that_nobody_could_charge_is_told_to_nobody() {
    let scene = Scene::of(World::of(Setup { has_sandbox: false, ..Setup::default() }));
    let order = scene.world.order(scene.owner(), 700).id();
    let payment = scene.world.pay(scene.owner(), Some(&order), 700, "tok_success").id();
    scene.comes_to_rest();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Failed);
    assert_eq!(scene.world.mailer.taken(), []);
}

#[test]
fn j6_of_many_owners_the_ten_that_have_been_longest_are_told() {
    let scene = Scene::new();
    let url = "https://hooks.example/gone";
    scene.world.endpoint(scene.owner(), url, &json!({ "types": ["order.*"] }));
    for n in 0..120 {
        scene.world.clock.advance(Duration::from_secs(1));
        let email = format!("owner-{n}@elsewhere.example");
        let user = json!({ "email": email, "name": "Olaf", "role": "owner", "password": PASSWORD });
        scene.world.call(Ask::post("/v1/users", &user).by(&scene.owner_now())).ok(201);
    }
    scene.world.receivers.set(url, Manner::Answers(410));
    scene.world.order(&scene.owner_now(), 500);
    scene.world.run_until_quiet();
    let told: BTreeSet<String> =
        mails(&scene, MailKind::WebhookDisabled).iter().map(|mail| mail.to.as_str().to_owned()).collect();
    let later = (0..9).map(|n| format!("owner-{n}@elsewhere.example"));
    assert_eq!(told, later.chain([scene.shop.owner.email.clone()]).collect());
}

#[test]
fn j6_what_is_beyond_a_tenant_s_mails_of_a_day_is_not_sent_and_not_tried_again() {
    let scene = Scene::new();
    scene.world.mails_per_day.set(1);
    let payment = paid(&scene);
    scene.world.work(Queue::Notifications);
    scene.world.refund(scene.owner(), &payment, 300).ok(202);
    scene.world.settle();
    assert_eq!((mails(&scene, MailKind::Receipt).len(), mails(&scene, MailKind::Refund).len()), (1, 0));
    assert!(scene.world.queues.dead_letters(Queue::Notifications).is_empty());
    let other = scene.world.sign_up("coffee").owner.caller;
    let order = scene.world.order(&other, 500).id();
    scene.world.pay(&other, Some(&order), 500, "tok_success");
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Receipt).len(), 2, "another shop's mail goes on");
    scene.world.clock.advance(Duration::from_secs(24 * 60 * 60));
    scene.world.refund(&scene.owner_now(), &payment, 100).ok(202);
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Refund).len(), 1, "that of another day, and no late one");
}

#[test]
fn addresses_that_mail_cannot_go_to_are_refused_where_they_are_given() {
    let scene = Scene::new();
    for (key, email) in [("local", "zoë@customer.example"), ("domain", "zoe@bücher.example")] {
        let line = json!({ "sku": "T", "name": "Tea", "quantity": 1, "unit_amount": 100 });
        let customer = json!({ "email": email, "name": "Zoë" });
        let body = json!({ "currency": "EUR", "customer": customer, "lines": [line] });
        let answer = scene.world.call(Ask::post("/v1/orders", &body).by(scene.owner()).key(key));
        assert_eq!((answer.status, answer.text("/errors/0/code")), (400, "invalid_email".to_owned()));
    }
}

#[test]
fn j6_the_tenant_sees_who_is_sent_nothing_and_may_send_again() {
    let scene = Scene::new();
    let payment = paid(&scene);
    scene.world.work(Queue::Notifications);
    let mail = mails(&scene, MailKind::Receipt)[0].clone();
    assert_eq!(follow(&scene, "POST", &token(&mail)).status, 200);
    let refused = scene.world.call(Ask::get("/v1/settings/mail/refused").by(scene.owner())).ok(200);
    let address = AddressHash::of(&mail.to).to_string();
    assert_eq!(refused.text("/data/0/address_sha256"), address);
    assert_eq!(
        (refused.text("/data/0/reason"), refused.json["data"].as_array().map(Vec::len)),
        ("opted_out".to_owned(), Some(1))
    );
    assert!(!refused.body.contains('@'), "no address");
    let lift = || Ask::delete(format!("/v1/settings/mail/refused/{address}"));
    let other = scene.world.sign_up("coffee").owner.caller;
    scene.world.call(lift().by(&other)).refused(404, "not_found");
    scene.world.call(lift().by(scene.owner())).ok(204);
    scene.world.call(lift().by(scene.owner())).refused(404, "not_found");
    scene.world.refund(&scene.owner_now(), &payment, 100).ok(202);
    scene.world.settle();
    assert_eq!(mails(&scene, MailKind::Refund).len(), 1);
}
