//! J1 to J3: files, from their announcement to their end.

use std::time::Duration;

use coffer_simulation::{Answer, Ask};
use domain::event::Queue;
use domain::file::{UPLOAD_GRACE, UPLOAD_WITHIN};
use memory::Fault;
use serde_json::{Value, json};

use super::Scene;

const CSV: &[u8] = b"a,b\n1,2\n";

fn announce(scene: &Scene, name: &str, content_type: &str, bytes: &[u8]) -> Answer {
    let body = json!({
        "name": name, "content_type": content_type, "size": bytes.len(), "checksum_sha256": digest(bytes),
    });
    scene.world.call(Ask::post("/v1/files", &body).by(&scene.owner_now())).ok(201)
}

fn digest(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(memory::checksum(bytes).0)
}

fn shown(scene: &Scene, file: &str) -> Value {
    scene.world.show(&scene.owner_now(), &format!("/v1/files/{file}"))
}

fn kinds_of_files(scene: &Scene) -> Vec<Value> {
    let events = scene.world.show(&scene.owner_now(), "/v1/events");
    let kinds = events["data"].as_array().expect("a list").iter().map(|event| event["type"].clone());
    let mut kinds: Vec<Value> =
        kinds.filter(|kind| kind.as_str().is_some_and(|kind| kind.starts_with("file."))).collect();
    // Within a millisecond the order is chance.
    kinds.sort_unstable_by_key(Value::to_string);
    kinds
}

#[test]
fn j1_j3_an_upload_that_keeps_to_its_terms_can_be_downloaded_until_its_link_ends() {
    let scene = Scene::new();
    let made = announce(&scene, "Umsätze.csv", "text/csv", CSV);
    assert_eq!((made.text("/status"), made.text("/upload/method")), ("pending".to_owned(), "PUT".to_owned()));
    assert!(made.header("location").is_some_and(|location| location.ends_with(&made.id())));
    assert_eq!(shown(&scene, &made.id())["download_url"], Value::Null, "nothing to have before it is checked");
    for wrong in [&b"a,b\n1,3\n"[..], b"", b"a,b\n1,2\n3"] {
        assert_ne!(scene.world.upload(&made, Some(wrong)).status, 200);
    }
    assert_eq!(scene.world.upload(&made, Some(CSV)).status, 200);
    assert_eq!(shown(&scene, &made.id())["status"], "pending", "nobody has looked at it");
    scene.world.run_until_quiet();
    let ready = shown(&scene, &made.id());
    assert_eq!((&ready["status"], &ready["rejection"]), (&json!("ready"), &Value::Null));
    let download = scene.world.download(&ready);
    assert_eq!((download.status, download.name.as_str(), download.body.as_slice()), (200, "Umsätze.csv", CSV));
    scene.world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(scene.world.download(&ready).status, 403, "the link has ended");
    assert_eq!(scene.world.download(&shown(&scene, &made.id())).status, 200, "another one has not");
    assert_eq!(kinds_of_files(&scene), ["file.created", "file.ready"]);
    let events = scene.world.show(&scene.owner_now(), "/v1/events").to_string();
    assert!(!events.contains("memory://"), "an event holds a link");
    scene.comes_to_rest();
}

#[test]
fn j2_what_is_not_of_its_type_is_rejected_and_gone() {
    let scene = Scene::new();
    let made = announce(&scene, "a.png", "image/png", CSV);
    assert_eq!(scene.world.upload(&made, Some(CSV)).status, 200);
    scene.world.run_until_quiet();
    let rejected = shown(&scene, &made.id());
    assert_eq!((&rejected["status"], &rejected["rejection"]["code"]), (&json!("rejected"), &json!("wrong_type")));
    assert_eq!(rejected["download_url"], Value::Null);
    assert!(scene.world.blobs.keys().is_empty());
    // The link works for its time, and helps nobody.
    assert_eq!(scene.world.upload(&made, Some(CSV)).status, 200);
    scene.world.run_until_quiet();
    assert_eq!(shown(&scene, &made.id())["status"], "rejected");
    assert!(scene.world.blobs.keys().is_empty());
    assert_eq!(kinds_of_files(&scene), ["file.created", "file.rejected"]);
    scene.comes_to_rest();
}

/// The store holds a client to its terms; what lies there all the same and is not what was announced is not taken.
#[test]
fn j2_what_is_not_what_was_announced_is_rejected_and_gone() {
    let other = b"a,b\n1,3\n";
    for (bytes, checksum, code) in [
        (&b"a,b\n1,2\n3"[..], Some(memory::checksum(CSV)), "wrong_size"),
        (b"", Some(memory::checksum(CSV)), "wrong_size"),
        (other, Some(memory::checksum(other)), "wrong_checksum"),
        (other, None, "wrong_checksum"),
    ] {
        let scene = Scene::new();
        let made = announce(&scene, "a.csv", "text/csv", CSV);
        assert_eq!(scene.world.upload(&made, Some(CSV)).status, 200);
        let [key] = scene.world.blobs.keys().try_into().expect("the upload");
        scene.world.blobs.replace(key, bytes, checksum);
        scene.world.run_until_quiet();
        let rejected = shown(&scene, &made.id());
        assert_eq!((&rejected["status"], &rejected["rejection"]["code"]), (&json!("rejected"), &json!(code)));
        assert_eq!((&rejected["download_url"], scene.world.blobs.keys()), (&Value::Null, vec![]), "{code}");
        assert_eq!(kinds_of_files(&scene), ["file.created", "file.rejected"]);
        scene.comes_to_rest();
    }
}

#[test]
fn j1_an_upload_that_is_never_made_is_given_up_and_one_that_nobody_was_told_of_is_found() {
    let scene = Scene::new();
    let never = announce(&scene, "never.csv", "text/csv", CSV).id();
    let made = announce(&scene, "untold.csv", "text/csv", CSV);
    scene.world.upload(&made, Some(CSV));
    drop(scene.world.take_uploads());
    scene.world.clock.advance(UPLOAD_WITHIN + UPLOAD_GRACE - Duration::from_millis(1));
    scene.world.platform_sweep().expect("nothing fails");
    assert_eq!(shown(&scene, &never)["status"], "pending");
    scene.world.clock.advance(Duration::from_millis(1));
    scene.world.platform_sweep().expect("nothing fails");
    assert_eq!(shown(&scene, &never)["rejection"]["code"], "not_uploaded");
    assert_eq!(shown(&scene, &made.id())["status"], "ready");
    let late = announce(&scene, "late.csv", "text/csv", CSV);
    scene.world.clock.advance(UPLOAD_WITHIN);
    assert_eq!(scene.world.upload(&late, Some(CSV)).status, 403);
    scene.comes_to_rest();
}

#[test]
fn a_deleted_file_is_gone_at_once_and_its_bytes_soon() {
    let scene = Scene::new();
    let made = scene.world.file(scene.owner(), "good.pdf");
    scene.world.run_until_quiet();
    let path = format!("/v1/files/{}", made.id());
    scene.world.call(Ask::delete(path.as_str()).by(scene.owner())).ok(204);
    scene.world.call(Ask::get(path.as_str()).by(scene.owner())).refused(404, "not_found");
    scene.world.call(Ask::delete(path).by(scene.owner())).refused(404, "not_found");
    assert_eq!(scene.world.show(scene.owner(), "/v1/files")["data"], json!([]));
    scene.world.run_until_quiet();
    assert!(scene.world.blobs.keys().is_empty());
    scene.world.upload(&made, None);
    scene.world.run_until_quiet();
    assert!(scene.world.blobs.keys().is_empty(), "uploaded once more");
    scene.comes_to_rest();
}

#[test]
fn i6_files_ingest_may_fail_anywhere_and_is_finished_by_the_next() {
    for operation in ["files.get", "blobs.head", "blobs.beginning", "blobs.copy", "platform.commit", "blobs.delete"] {
        for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Contended] {
            let scene = Scene::new();
            let made = scene.world.file(scene.owner(), "good.csv");
            scene.world.faults.fail(operation, 1, fault);
            assert!(scene.world.ingest() <= 1);
            scene.world.run_until_quiet();
            assert_eq!(shown(&scene, &made.id())["status"], "ready", "{operation} {fault:?}");
            assert_eq!(kinds_of_files(&scene), ["file.created", "file.ready"], "{operation} {fault:?}");
            scene.comes_to_rest();
        }
    }
}

#[test]
fn uploads_told_of_twice_or_of_nobody_harm_nothing() {
    let scene = Scene::new();
    let made = scene.world.file(scene.owner(), "good.csv");
    let [key] = scene.world.take_uploads().try_into().expect("one upload");
    let unknown = ports::blobs::BlobKey::upload(scene.world.id(), scene.world.id());
    scene.world.uploads.borrow_mut().extend([key, unknown, key, key]);
    assert_eq!(scene.world.ingest(), 4);
    assert_eq!(shown(&scene, &made.id())["status"], "ready");
    assert_eq!(kinds_of_files(&scene), ["file.created", "file.ready"]);
    assert!(scene.world.queues.is_empty(Queue::Files));
    scene.comes_to_rest();
}

#[test]
fn what_a_file_may_not_be_is_refused_field_by_field() {
    let scene = Scene::new();
    let good = json!({ "name": "a.csv", "content_type": "text/csv", "size": 8, "checksum_sha256": digest(CSV) });
    for (field, wrong, code) in [
        ("size", json!(0), "out_of_range"),
        ("size", json!(104_857_601), "out_of_range"),
        ("content_type", json!("text/html"), "unknown_value"),
        ("checksum_sha256", json!("abc"), "invalid_checksum"),
        ("checksum_sha256", json!("YWJj"), "invalid_checksum"),
        ("name", json!(""), "too_short"),
    ] {
        let mut body = good.clone();
        body[field] = wrong;
        let refused = scene.world.call(Ask::post("/v1/files", &body).by(scene.owner())).refused(400, "invalid_fields");
        let (pointer, told) = (refused.text("/errors/0/pointer"), refused.text("/errors/0/code"));
        assert_eq!((pointer.as_str(), told.as_str()), (format!("/{field}").as_str(), code));
    }
}
