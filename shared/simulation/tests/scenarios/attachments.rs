//! Files of orders: attached, listed, detached, and what becomes of them when a file goes.

use std::collections::BTreeSet;
use std::time::Duration;

use coffer_simulation::{Answer, Ask, World, run, together};
use domain::attachment::{FILES_PER_ORDER_MAX, ORDERS_PER_FILE_MAX};
use domain::event::EventType;
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

/// Files that can be attached, without a call of the API for each of their bytes' ways.
fn ready_files(scene: &Scene, count: usize) -> Vec<String> {
    let made: Vec<String> = (0..count)
        .map(|_| {
            // Slowly enough for a client's limit.
            scene.world.clock.advance(Duration::from_millis(200));
            scene.world.file(&scene.owner_now(), "good.csv").id()
        })
        .collect();
    scene.world.run_until_quiet();
    made
}

fn file(scene: &Scene) -> String {
    ready_files(scene, 1).remove(0)
}

fn order(scene: &Scene) -> String {
    scene.world.clock.advance(Duration::from_millis(200));
    scene.world.order(&scene.owner_now(), 500).id()
}

fn attach(scene: &Scene, order: &str, file: &str) -> Answer {
    scene.world.clock.advance(Duration::from_millis(200));
    scene.world.attach(&scene.owner_now(), order, file)
}

fn detaching(scene: &Scene, order: &str, file: &str) -> Ask {
    Ask::delete(format!("/v1/orders/{order}/files/{file}")).by(&scene.owner_now())
}

fn detach(scene: &Scene, order: &str, file: &str) -> Answer {
    scene.world.call(detaching(scene, order, file))
}

fn shown(scene: &Scene, order: &str) -> Vec<Value> {
    let ask = Ask::get(format!("/v1/orders/{order}/files")).by(&scene.owner_now()).query("limit", "100");
    let answer = scene.world.call(ask).ok(200);
    assert_eq!(answer.json["next_cursor"], Value::Null);
    answer.json["data"].as_array().expect("a list").clone()
}

fn ids(scene: &Scene, order: &str) -> Vec<String> {
    let id = |file: &Value| file["id"].as_str().unwrap_or_default().to_owned();
    shown(scene, order).iter().map(id).collect()
}

fn told(scene: &Scene, kind: EventType) -> usize {
    scene.world.store.contents().events.iter().filter(|event| event.kind == kind).count()
}

#[test]
fn a_file_is_attached_once_however_often_it_is_asked_for() {
    let scene = Scene::new();
    let (order, file) = (order(&scene), file(&scene));
    let first = attach(&scene, &order, &file).ok(201);
    let again = attach(&scene, &order, &file).ok(200);
    assert_eq!(first.body, again.body);
    assert_eq!(shown(&scene, &order), std::slice::from_ref(&first.json));

    let file_alone = scene.world.show(&scene.owner_now(), &format!("/v1/files/{file}"));
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    let of_links = ["download_url", "download_expires_at"].map(str::to_owned);
    let expected: BTreeSet<String> = names(&file_alone).into_iter().filter(|name| !of_links.contains(name)).collect();
    let more = ["order_id", "attached_at"].map(str::to_owned);
    assert_eq!(names(&first.json), expected.into_iter().chain(more).collect());
    assert_eq!((&first.json["order_id"], &first.json["updated_at"]), (&json!(order), &file_alone["updated_at"]));

    assert_eq!(told(&scene, EventType::FileAttached), 1);
    let events = scene.world.show(&scene.owner_now(), "/v1/events");
    let event = events["data"].as_array().expect("a list").iter().find(|event| event["type"] == "file.attached");
    assert_eq!(event.expect("it is told")["data"]["object"], first.json);
    scene.comes_to_rest();
}

#[test]
fn a_file_that_is_detached_stays_and_may_be_attached_again() {
    let scene = Scene::new();
    let (order, file) = (order(&scene), file(&scene));
    attach(&scene, &order, &file).ok(201);
    detach(&scene, &order, &file).ok(204);
    assert_eq!(ids(&scene, &order), Vec::<String>::new());
    detach(&scene, &order, &file).refused(404, "not_found");
    assert_eq!(scene.world.show(&scene.owner_now(), &format!("/v1/files/{file}"))["status"], "ready");
    assert_eq!((told(&scene, EventType::FileAttached), told(&scene, EventType::FileDetached)), (1, 1));
    attach(&scene, &order, &file).ok(201);
    assert_eq!(ids(&scene, &order), [file]);
    scene.comes_to_rest();
}

#[test]
fn an_order_s_files_come_oldest_first_and_page_by_page_while_some_come_and_go() {
    let scene = Scene::new();
    let (order, files) = (order(&scene), ready_files(&scene, 6));
    for file in files[..5].iter().rev() {
        attach(&scene, &order, file).ok(201);
    }
    assert_eq!(ids(&scene, &order), files[..5].iter().rev().cloned().collect::<Vec<_>>());
    let page = |cursor: Option<&str>| {
        let ask = Ask::get(format!("/v1/orders/{order}/files")).by(&scene.owner_now()).query("limit", "2");
        let answer = scene.world.call(cursor.iter().fold(ask, |ask, cursor| ask.query("cursor", cursor))).ok(200);
        let ids = [0, 1].map(|index| answer.text(&format!("/data/{index}/id")));
        (ids, answer.text("/next_cursor"))
    };
    let (first, cursor) = page(None);
    assert_eq!(first, [files[4].clone(), files[3].clone()]);
    detach(&scene, &order, &files[3]).ok(204);
    attach(&scene, &order, &files[5]).ok(201);
    let (second, cursor) = page(Some(&cursor));
    assert_eq!(second, [files[2].clone(), files[1].clone()]);
    assert_eq!(page(Some(&cursor)), ([files[0].clone(), files[5].clone()], String::new()));
    scene.comes_to_rest();
}

#[test]
fn what_is_not_there_or_not_ready_is_not_attached() {
    let scene = Scene::new();
    let (order, ready) = (order(&scene), file(&scene));
    let pending = scene.world.file(&scene.owner_now(), "good.pdf").id();
    let refused = attach(&scene, &order, &pending).refused(409, "illegal_state");
    assert_eq!(refused.json["current"], "pending");
    let rejected = scene.world.file(&scene.owner_now(), "false.png").id();
    scene.world.run_until_quiet();
    assert_eq!(attach(&scene, &order, &rejected).refused(409, "illegal_state").json["current"], "rejected");
    let deleted = file(&scene);
    scene.world.call(Ask::delete(format!("/v1/files/{deleted}")).by(&scene.owner_now())).ok(204);
    let stranger = scene.world.sign_up("coffee").owner.caller;
    let theirs = scene.world.order(&stranger, 500).id();
    for (order, file) in [
        (order.as_str(), deleted.as_str()),
        (&order, "fil_01m7z21wcwfb09peqcqcw21n8d"),
        ("ord_01m7z21wcwfb09peqcqcw21n8d", &ready),
        (&theirs, &ready),
        ("ord_1", &ready),
        (&order, "fil_1"),
    ] {
        attach(&scene, order, file).refused(404, "not_found");
        detach(&scene, order, file).refused(404, "not_found");
    }
    scene.world.attach(&stranger, &theirs, &ready).refused(404, "not_found");
    let of_nobody = Ask::get("/v1/orders/ord_01m7z21wcwfb09peqcqcw21n8d/files").by(&scene.owner_now());
    scene.world.call(of_nobody).refused(404, "not_found");
    assert_eq!(scene.world.store.attachments(), []);
    scene.comes_to_rest();
}

#[test]
fn an_order_in_any_state_takes_files() {
    let scene = Scene::new();
    let (cancelled, file) = (order(&scene), file(&scene));
    scene.world.call(Ask::new("POST", format!("/v1/orders/{cancelled}/cancel")).by(&scene.owner_now())).ok(200);
    let paid = order(&scene);
    scene.world.pay(&scene.owner_now(), Some(&paid), 500, "tok_success");
    scene.world.run_until_quiet();
    attach(&scene, &cancelled, &file).ok(201);
    attach(&scene, &paid, &file).ok(201);
    scene.world.call(Ask::new("POST", format!("/v1/orders/{paid}/fulfil")).by(&scene.owner_now())).ok(200);
    assert_eq!((ids(&scene, &paid), ids(&scene, &cancelled)), (vec![file.clone()], vec![file]));
    scene.comes_to_rest();
}

#[test]
fn a_file_that_is_deleted_is_gone_from_all_its_orders() {
    let scene = Scene::new();
    let (gone, stays) = (file(&scene), file(&scene));
    let orders: Vec<String> = (0..ORDERS_PER_FILE_MAX).map(|_| order(&scene)).collect();
    for order in &orders {
        attach(&scene, order, &gone).ok(201);
    }
    attach(&scene, &orders[0], &stays).ok(201);
    let one_more = order(&scene);
    attach(&scene, &one_more, &gone).refused(422, "too_many_orders");
    scene.world.call(Ask::delete(format!("/v1/files/{gone}")).by(&scene.owner_now())).ok(204);
    assert_eq!(ids(&scene, &orders[0]), [stays]);
    assert!(orders[1..].iter().all(|order| ids(&scene, order).is_empty()));
    detach(&scene, &orders[1], &gone).refused(404, "not_found");
    scene.world.run_until_quiet();
    assert_eq!(scene.world.blobs.keys().len(), 1, "the bytes are gone, too");
    scene.comes_to_rest();
}

#[test]
fn an_order_has_fifty_files_and_never_more_however_many_come_at_once() {
    const RIVALS: usize = FILES_PER_ORDER_MAX + 6;
    for seed in 0..6 {
        let scene = Scene::of(World::seeded(seed));
        let (order, files) = (order(&scene), ready_files(&scene, RIVALS));
        let mut waiting = files;
        let mut refused = Vec::new();
        // Who is told that another request is under way asks again.
        while !waiting.is_empty() {
            scene.world.clock.advance(Duration::from_secs(60));
            let owner = scene.owner_now();
            let ask = |file: &String| Ask::new("PUT", format!("/v1/orders/{order}/files/{file}")).by(&owner);
            let answers = together(seed, waiting.iter().map(|file| scene.world.calling(ask(file))));
            let answered = waiting.drain(..).zip(answers).collect::<Vec<_>>();
            for (file, answer) in answered {
                match (answer.status, answer.code().as_str()) {
                    (201, _) => {}
                    (409, "request_in_progress") => waiting.push(file),
                    (422, "too_many_files") => refused.push(file),
                    other => panic!("seed {seed}: {other:?} {}", answer.body),
                }
            }
        }
        let attached = ids(&scene, &order);
        assert_eq!((attached.len(), refused.len()), (FILES_PER_ORDER_MAX, RIVALS - FILES_PER_ORDER_MAX), "seed {seed}");
        assert_eq!(told(&scene, EventType::FileAttached), FILES_PER_ORDER_MAX, "seed {seed}");
        detach(&scene, &order, &attached[7]).ok(204);
        attach(&scene, &order, &refused[0]).ok(201);
        assert_eq!(ids(&scene, &order).last(), Some(&refused[0]));
        scene.comes_to_rest();
    }
}

/// As a page does with what was dropped on it.
#[test]
fn ten_files_at_once_are_attached_without_being_sent_back() {
    for seed in 0..40 {
        let scene = Scene::of(World::seeded(seed));
        let (order, files) = (order(&scene), ready_files(&scene, 10));
        let owner = scene.owner_now();
        let ask = |file: &String| Ask::new("PUT", format!("/v1/orders/{order}/files/{file}")).by(&owner);
        let answers = together(seed, files.iter().map(|file| scene.world.calling(ask(file))));
        assert!(answers.iter().all(|answer| answer.status == 201), "seed {seed}: {answers:?}");
        assert_eq!(ids(&scene, &order).into_iter().collect::<BTreeSet<_>>(), files.into_iter().collect());
    }
}

#[test]
fn of_attaching_and_deleting_at_once_one_is_first() {
    for seed in 0..60 {
        let scene = Scene::of(World::seeded(seed));
        let (order, file) = (order(&scene), file(&scene));
        let owner = scene.owner_now();
        let attach = Ask::new("PUT", format!("/v1/orders/{order}/files/{file}")).by(&owner);
        let delete = Ask::delete(format!("/v1/files/{file}")).by(&owner);
        let answers = together(seed, [attach, delete].map(|ask| scene.world.calling(ask)));
        assert!(matches!(answers[0].status, 201 | 404), "seed {seed}: {}", answers[0].body);
        assert_eq!((answers[1].status, ids(&scene, &order)), (204, Vec::new()), "seed {seed}");
        scene.comes_to_rest();
    }
}

#[test]
fn attaching_and_detaching_may_fail_anywhere_and_are_sent_again() {
    for operation in ["files.get", "attachments.of_order", "orders.get", "platform.commit"] {
        for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Contended] {
            let scene = Scene::new();
            let (order, file) = (order(&scene), file(&scene));
            scene.world.faults.fail(operation, 1, fault);
            let first = attach(&scene, &order, &file);
            assert!(first.status == 503 || first.status == 201, "{operation} {fault:?}: {}", first.body);
            assert!(attach(&scene, &order, &file).is_success(), "{operation} {fault:?}");
            assert_eq!((ids(&scene, &order), told(&scene, EventType::FileAttached)), (vec![file.clone()], 1));
            // What only attaching asks: how many files the order has, and whether it is there.
            if !matches!(operation, "attachments.of_order" | "orders.get") {
                scene.world.faults.fail(operation, 1, fault);
            }
            drop(detach(&scene, &order, &file));
            scene.every_fault_has_struck();
            assert!(matches!(detach(&scene, &order, &file).status, 204 | 404), "{operation} {fault:?}");
            assert_eq!(told(&scene, EventType::FileDetached), 1, "{operation} {fault:?}");
            scene.comes_to_rest();
        }
    }
}

#[test]
fn a_list_leaves_out_what_is_deleted_while_it_is_read() {
    for seed in 0..30 {
        let scene = Scene::of(World::seeded(seed));
        let (order, files) = (order(&scene), ready_files(&scene, 3));
        files.iter().for_each(|file| drop(attach(&scene, &order, file).ok(201)));
        let owner = scene.owner_now();
        let list = Ask::get(format!("/v1/orders/{order}/files")).by(&owner);
        let delete = Ask::delete(format!("/v1/files/{}", files[1])).by(&owner);
        let answers = together(seed, [list, delete].map(|ask| scene.world.calling(ask)));
        let shown = answers[0].json["data"].as_array().expect("a list").clone();
        assert!(shown.iter().all(|file| file["status"] == "ready"), "seed {seed}: {shown:?}");
        assert!(matches!(shown.len(), 2 | 3), "seed {seed}: {shown:?}");
    }
}

#[test]
fn an_attached_file_outlives_whatever_expires() {
    let scene = Scene::new();
    let (order, file) = (order(&scene), file(&scene));
    attach(&scene, &order, &file).ok(201);
    scene.world.run_until_quiet();
    scene.world.clock.advance(Duration::from_secs(400 * 86_400));
    scene.world.store.delete_expired(ports::clock::Clock::now(&scene.world.clock));
    run(scene.world.platform_sweep_step()).expect("nothing fails");
    assert_eq!(ids(&scene, &order), [file]);
}
