//! J4: the receipt of a payment, its link, and that a document never changes.

use std::time::Duration;

use coffer_simulation::{Ask, Consumer, Fate, run, together};
use domain::event::Queue;
use domain::mail::MailSettings;
use ports::blobs::BlobKey;
use ports::mail::MailBook;
use serde_json::json;

use super::Scene;

fn receipts(scene: &Scene) -> Vec<BlobKey> {
    scene.world.blobs.keys().into_iter().filter(|key| key.to_string().starts_with("receipts/")).collect()
}

fn receipt(scene: &Scene, payment: &str) -> coffer_simulation::Answer {
    let ask = Ask::get(format!("/v1/payments/{payment}/receipt"));
    scene.world.call(ask.by(&scene.owner_now()))
}

#[test]
fn a_receipt_is_made_and_then_found_by_a_link() {
    let scene = Scene::new();
    let order = scene.world.order(scene.owner(), 700).id();
    let payment = scene.world.pay(scene.owner(), Some(&order), 700, "tok_success").id();
    receipt(&scene, &payment).refused(409, "illegal_state");
    assert!(scene.world.deliver(Consumer::OutboxPublish));
    scene.world.work(Queue::Payments);
    let waiting = receipt(&scene, &payment).ok(202);
    assert_eq!((waiting.header("retry-after"), waiting.text("/status").as_str()), (Some("2"), "processing"));

    scene.comes_to_rest();
    let found = receipt(&scene, &payment).ok(303);
    assert!(found.header("location").is_some_and(|link| link.contains(&format!("{payment}-0"))));
    assert_eq!(receipts(&scene).len(), 1);

    scene.world.refund(&scene.owner_now(), &payment, 300).ok(202);
    scene.comes_to_rest();
    let found = receipt(&scene, &payment).ok(303);
    assert!(found.header("location").is_some_and(|link| link.contains(&format!("{payment}-300"))));
    assert_eq!(receipts(&scene).len(), 2, "the first is as it was");
}

#[test]
fn j4_the_link_to_a_receipt_ends_after_fifteen_minutes() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 700, "tok_success").id();
    scene.comes_to_rest();
    let link = || receipt(&scene, &payment).ok(303).header("location").expect("a link").to_owned();
    let download = |link: &str| scene.world.download(&json!({ "download_url": link })).status;
    let first = link();
    scene.world.clock.advance(Duration::from_secs(15 * 60 - 1));
    assert_eq!(download(&first), 200);
    scene.world.clock.advance(Duration::from_secs(1));
    assert_eq!((download(&first), download(&link())), (403, 200));
}

#[test]
fn what_has_not_succeeded_has_none() {
    let scene = Scene::new();
    let payment = scene.world.pay(scene.owner(), None, 700, "tok_declined_expired_card").id();
    scene.comes_to_rest();
    receipt(&scene, &payment).refused(409, "illegal_state");
    receipt(&scene, "pay_00000000000000000000000001").refused(404, "not_found");
    assert_eq!(receipts(&scene), []);
}

#[test]
fn workers_side_by_side_and_late_write_the_same_bytes() {
    for seed in 0..40 {
        let scene = Scene::of(coffer_simulation::World::seeded(seed));
        let payment = scene.world.pay(scene.owner(), None, 700, "tok_success").id();
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        assert_eq!(scene.world.work(Queue::Payments), [Fate::Done]);
        assert!(scene.world.deliver(Consumer::OutboxPublish));
        let [delivery] = scene.world.receive(Queue::Receipts, 1).try_into().expect("one message");
        run(scene.world.step(Queue::Receipts, &delivery.notice)).expect("nothing fails");
        let [key] = receipts(&scene).try_into().expect("one receipt");
        let first = scene.world.blobs.bytes_of(key);
        scene.world.clock.advance(Duration::from_secs(86_400));
        run(ports::blobs::Blobs::delete(scene.world.blobs.as_ref(), key)).expect("nothing fails");
        for result in together(seed, (0..2).map(|_| scene.world.step(Queue::Receipts, &delivery.notice))) {
            result.expect("nothing fails");
        }
        assert_eq!(scene.world.blobs.bytes_of(key), first, "seed {seed}, {payment}");
        scene.comes_to_rest();
    }
}

fn show_logo(scene: &Scene, file: &str) -> coffer_simulation::Answer {
    let ask = Ask::new("PUT", "/v1/settings/mail").json(&json!({ "logo_file_id": file }));
    scene.world.call(ask.by(&scene.owner_now()))
}

/// The simulation's documents say all that they were made of.
fn made_with(scene: &Scene, payment: &str) -> String {
    let key = receipts(scene).into_iter().find(|key| key.to_string().contains(payment)).expect("a receipt");
    String::from_utf8(scene.world.blobs.bytes_of(key).expect("bytes")).expect("text")
}

#[test]
fn j4_the_logo_of_the_settings_is_on_receipts_made_from_then_on() {
    let scene = Scene::new();
    let pay = || {
        let payment = scene.world.pay(&scene.owner_now(), None, 700, "tok_success").id();
        scene.comes_to_rest();
        payment
    };
    let before = pay();
    let logo = scene.world.file(scene.owner(), "logo.png").id();
    scene.comes_to_rest();
    assert_eq!(show_logo(&scene, &logo).ok(200).text("/logo_file_id"), logo);
    let with = pay();
    assert!(made_with(&scene, &before).contains("logo: None") && made_with(&scene, &with).contains("logo: Some(Png("));
    let as_made = made_with(&scene, &with);
    scene.world.call(Ask::delete(format!("/v1/files/{logo}")).by(&scene.owner_now())).ok(204);
    scene.comes_to_rest();
    let without = pay();
    assert!(made_with(&scene, &without).contains("logo: None"), "the file is gone, the receipt is not");
    assert_eq!(made_with(&scene, &with), as_made, "what was made stays");
}

#[test]
fn only_a_ready_picture_of_the_tenant_s_own_is_a_logo() {
    let scene = Scene::new();
    let other = scene.world.sign_up("coffee").owner.caller;
    let [text, rejected, ready] =
        ["good.csv", "false.png", "logo.png"].map(|name| scene.world.file(scene.owner(), name).id());
    let enormous = scene.world.file(scene.owner(), "enormous.png").id();
    let foreign = scene.world.file(&other, "logo.png").id();
    scene.comes_to_rest();
    for (file, code) in [
        (&text, "wrong_type"),
        (&rejected, "not_ready"),
        (&enormous, "too_large"),
        (&foreign, "not_found"),
        (&"fil_00000000000000000000000001".to_owned(), "not_found"),
    ] {
        let answer = show_logo(&scene, file);
        let error = (answer.text("/errors/0/pointer"), answer.text("/errors/0/code"));
        assert_eq!((answer.status, error), (400, ("/logo_file_id".to_owned(), code.to_owned())));
    }
    show_logo(&scene, &ready).ok(200);
    scene.world.call(Ask::delete(format!("/v1/files/{ready}")).by(scene.owner())).ok(204);
    assert_eq!(show_logo(&scene, &ready).text("/errors/0/code"), "not_found");
}

/// A logo was cut off on its way and its headers are good: each receipt of the tenant would die of it.
#[test]
fn a_logo_that_cannot_be_printed_costs_its_receipt_the_logo_alone() {
    let scene = Scene::new();
    let damaged = scene.world.file(scene.owner(), "damaged.png").id();
    scene.comes_to_rest();
    show_logo(&scene, &damaged).ok(200);
    let payment = scene.world.pay(scene.owner(), None, 700, "tok_success").id();
    scene.comes_to_rest();
    receipt(&scene, &payment).ok(303);
    assert!(made_with(&scene, &payment).contains("logo: None"));
}

/// It was set before logos were looked into: decoding it would be the end of the worker and of all that it was at.
#[test]
fn a_logo_of_too_many_pixels_is_left_out_whoever_set_it() {
    let scene = Scene::new();
    let tenant = scene.owner().tenant;
    let enormous = scene.world.file(scene.owner(), "enormous.png").id();
    scene.comes_to_rest();
    let logo = enormous.parse().ok();
    let settings = MailSettings { logo, version: 1, ..MailSettings::standard(tenant) };
    assert_eq!(run(scene.world.store.save_settings(&settings)).ok(), Some(true));
    let payment = scene.world.pay(scene.owner(), None, 700, "tok_success").id();
    scene.comes_to_rest();
    receipt(&scene, &payment).ok(303);
    assert!(made_with(&scene, &payment).contains("logo: None"));
}
