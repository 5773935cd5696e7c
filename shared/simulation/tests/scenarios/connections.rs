//! A tenant's own accounts with providers: whose payments go by which, from when on, and that no key is ever told.

use coffer_simulation::{Ask, Consumer, Setup, World, run, stripe_body};
use domain::access::Role;
use domain::connection::{COUNTS_AFTER, Connections};
use domain::event::Queue;
use domain::payment::PaymentStatus;
use domain::secret::Secret;
use memory::Fault;
use ports::clock::Clock as _;
use ports::commerce::{Change, Commerce as _, Commit, Consistency};
use ports::connections::Connections as _;
use serde_json::{Value, json};

use super::Scene;

const KEY: &str = "sk_test_account_0001";

fn connect(scene: &Scene, provider: &str, body: &Value) -> Value {
    scene.world.connect(&scene.owner_now(), provider, body).ok(200).json
}

/// What each of the two has taken.
fn taken(scene: &Scene, payment: &str) -> [i64; 2] {
    let id = payment.parse().expect("an id");
    [&scene.world.provider, &scene.world.second].map(|provider| provider.charged(id))
}

fn paid(scene: &Scene) -> String {
    scene.world.paid(&scene.owner_now(), 500)
}

fn minute(scene: &Scene) {
    scene.world.clock.advance(COUNTS_AFTER);
}

#[test]
fn payments_go_by_the_account_that_was_first_when_they_were_made() {
    let scene = Scene::new();
    let connected = connect(&scene, "stripe", &stripe_body("first", KEY));
    let early = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    minute(&scene);
    scene.world.run_until_quiet();
    assert_eq!(taken(&scene, &early), [500, 0], "made before the change counts, settled after it");
    let late = paid(&scene);
    assert_eq!(taken(&scene, &late), [0, 500]);
    assert_eq!((&connected["account"], &connected["rank"]), (&json!("acct_account:test"), &json!("first")));

    // What was paid stays where it is, whatever comes after.
    connect(&scene, "sandbox", &json!({ "rank": "first" }));
    minute(&scene);
    for payment in [&early, &late] {
        scene.world.refund(&scene.owner_now(), payment, 200).ok(202);
    }
    scene.world.run_until_quiet();
    assert_eq!(scene.world.provider.refunded(early.parse().expect("an id")), 200);
    assert_eq!(scene.world.second.refunded(late.parse().expect("an id")), 200);
    assert_eq!(taken(&scene, &paid(&scene)), [500, 0]);
    scene.comes_to_rest();
}

#[test]
fn tenants_have_accounts_of_their_own() {
    let scene = Scene::new();
    let other = scene.world.sign_up("coffee");
    connect(&scene, "stripe", &stripe_body("first", KEY));
    minute(&scene);
    let payment = scene.world.pay(&other.owner.caller, None, 500, "tok_success").id();
    scene.world.run_until_quiet();
    assert_eq!(taken(&scene, &payment), [500, 0]);
    scene.world.call(Ask::get("/v1/providers/stripe").by(&other.owner.caller)).refused(404, "not_found");
    scene.comes_to_rest();
}

#[test]
fn keys_are_stored_sealed_and_told_to_nobody() {
    let scene = Scene::new();
    let secrets = [KEY, "whsec_0123456789"];
    let told = [
        connect(&scene, "stripe", &stripe_body("first", KEY)).to_string(),
        scene.world.call(Ask::get("/v1/providers/stripe").by(scene.owner())).ok(200).body,
        scene.world.call(Ask::get("/v1/providers").by(scene.owner())).ok(200).body,
        scene.world.call(Ask::get("/v1/events").by(scene.owner())).ok(200).body,
        format!("{:?}", run(scene.world.store.get(scene.owner().tenant, Consistency::Strong)).expect("connections")),
    ];
    for text in &told {
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
    }
    let expected: Value = serde_json::from_str(&told[1]).expect("JSON");
    let names: Vec<&String> = expected.as_object().expect("an object").keys().collect();
    assert_eq!(
        names,
        ["account", "created_at", "events_path", "key_refused_at", "name", "rank", "rank_since", "updated_at"]
    );
}

#[test]
fn a_sealed_key_that_is_put_in_another_tenant_s_place_opens_nothing() {
    let scene = Scene::new();
    let other = scene.world.sign_up("coffee");
    let tenant = other.owner.caller.tenant;
    connect(&scene, "stripe", &stripe_body("first", KEY));
    let ours = run(scene.world.store.get(scene.owner().tenant, Consistency::Strong)).expect("connections");
    let stolen = Connections { tenant, version: 1, ..ours };
    let (changes, now) = (vec![Change::SetConnections(stolen)], scene.world.clock.now());
    let commit = Commit { tenant, record: None, changes, events: Vec::new(), now };
    run(scene.world.store.commit(commit)).expect("whoever writes to the table");
    minute(&scene);
    let payment = scene.world.pay(&other.owner.caller, None, 500, "tok_success").id();
    scene.world.settle();
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Processing, [0, 0]));
}

#[test]
fn a_key_that_opens_no_account_is_refused_and_changes_nothing() {
    let scene = Scene::new();
    let path = Ask::get("/v1/providers");
    let before = scene.world.call(path.clone().by(scene.owner())).ok(200).body;
    let answer = scene.world.connect(scene.owner(), "stripe", &stripe_body("first", "sk_live_nobodyskey"));
    let refused = answer.refused(400, "invalid_fields");
    assert_eq!(
        (refused.text("/errors/0/pointer"), refused.text("/errors/0/code")),
        ("/api_key".to_owned(), "refused_by_provider".to_owned())
    );
    for body in [
        json!({ "rank": "first" }),
        json!({ "rank": "third", "api_key": KEY, "webhook_secret": "whsec_0123456789" }),
        json!({ "rank": "first", "api_key": "pk_test_0123456789", "webhook_secret": "whsec_0123456789" }),
        json!({ "rank": "first", "api_key": KEY, "webhook_secret": "0123456789", "more": 1 }),
    ] {
        let refused = scene.world.connect(scene.owner(), "stripe", &body).refused(400, "invalid_fields");
        assert!(!refused.body.contains("0123456789") && !refused.body.contains(KEY), "{}", refused.body);
    }
    scene.world.connect(scene.owner(), "paypal", &json!({ "rank": "first" })).refused(404, "not_found");
    assert_eq!(scene.world.call(path.by(scene.owner())).ok(200).body, before);
}

#[test]
fn another_account_takes_a_disconnection_first_and_never_gets_the_first_one_s_payments() {
    let scene = Scene::new();
    connect(&scene, "stripe", &stripe_body("first", KEY));
    minute(&scene);
    let other_key = stripe_body("first", "sk_test_another_0001");
    scene.world.connect(scene.owner(), "stripe", &other_key).refused(409, "provider_account_differs");
    let live_key = stripe_body("first", "sk_live_account_0001");
    scene.world.connect(scene.owner(), "stripe", &live_key).refused(409, "provider_account_differs");
    connect(&scene, "stripe", &stripe_body("first", "sk_test_account_0002"));
    let payment = scene.world.pay(&scene.owner_now(), None, 500, "tok_success").id();

    scene.world.call(Ask::delete("/v1/providers/stripe").by(&scene.owner_now())).ok(204);
    scene.world.call(Ask::delete("/v1/providers/stripe").by(&scene.owner_now())).refused(404, "not_found");
    connect(&scene, "stripe", &other_key);
    for _ in 0..3 {
        scene.world.settle();
        scene.world.minute();
    }
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Processing, [0, 0]));
    assert!(scene.world.queues.dead_letters(Queue::Payments).is_empty(), "it waits for its merchant");

    // With the account back, the sweeper ends it.
    scene.world.call(Ask::delete("/v1/providers/stripe").by(&scene.owner_now())).ok(204);
    connect(&scene, "stripe", &stripe_body("first", KEY));
    for _ in 0..10 {
        scene.world.minute();
    }
    scene.world.settle();
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Succeeded, [0, 500]));
}

/// More than a run takes on, of one that has no key any more: the others' are asked after all the same.
#[test]
fn a_tenant_whose_payments_cannot_be_asked_after_holds_up_nobody() {
    let scene = Scene::new();
    connect(&scene, "stripe", &stripe_body("first", KEY));
    minute(&scene);
    for _ in 0..130 {
        scene.world.clock.advance(std::time::Duration::from_millis(200));
        scene.world.pay(&scene.owner_now(), None, 500, "tok_success");
    }
    scene.world.call(Ask::delete("/v1/providers/stripe").by(&scene.owner_now())).ok(204);
    scene.world.settle();
    let other = scene.world.sign_up("coffee");
    let payment = scene.world.pay(&other.owner.caller, None, 700, "tok_success").id();
    for delivery in scene.world.receive(Queue::Payments, 10) {
        scene.world.queues.delete(&delivery.message);
    }
    scene.world.deliver(Consumer::OutboxPublish);
    for delivery in scene.world.receive(Queue::Payments, 10) {
        scene.world.queues.delete(&delivery.message);
    }
    for _ in 0..8 {
        scene.world.minute();
    }
    assert_eq!((scene.status_of(&payment), taken(&scene, &payment)), (PaymentStatus::Succeeded, [700, 0]));
}

#[test]
fn a_stale_change_is_refused() {
    let scene = Scene::new();
    let put = |tag: &str| {
        let ask = Ask::new("PUT", "/v1/providers/sandbox").json(&json!({ "rank": "first" }));
        scene.world.call(ask.header("if-match", tag).by(scene.owner()))
    };
    let connected = scene.world.connect(scene.owner(), "sandbox", &json!({ "rank": "second" })).ok(200);
    let tag = connected.header("etag").expect("a version").to_owned();
    put(&tag).ok(200);
    put(&tag).refused(412, "precondition_failed");
}

/// As in production: play money is no money.
#[test]
fn without_a_sandbox_cards_are_for_tenants_with_an_account() {
    let scene = Scene::of(World::of(Setup { has_sandbox: false, ..Setup::default() }));
    let payment = scene.world.pay(scene.owner(), None, 500, "tok_success").id();
    scene.world.settle();
    let shown = scene.world.show(&scene.owner_now(), &format!("/v1/payments/{payment}"));
    assert_eq!((&shown["status"], &shown["failure"]["code"]), (&json!("failed"), &json!("no_provider")));
    assert_eq!(taken(&scene, &payment), [0, 0]);
    scene.world.connect(scene.owner(), "sandbox", &json!({ "rank": "first" })).refused(404, "not_found");
    let refused = scene.world.connect(scene.owner(), "stripe", &stripe_body("first", KEY));
    assert_eq!(refused.refused(400, "invalid_fields").text("/errors/0/code"), "test_key");
    connect(&scene, "stripe", &stripe_body("first", "sk_live_account_0001"));
    minute(&scene);
    assert_eq!(taken(&scene, &paid(&scene)), [0, 500]);
    scene.comes_to_rest();
}

/// E5 where no Redis is: the table is asked.
#[test]
fn a_session_that_ended_and_a_role_that_was_taken_connect_nothing() {
    let scene = Scene::new();
    let admin = scene.shop.add(&scene.world, Role::Admin);
    let body = json!({ "rank": "first" });
    scene.world.connect(&admin.caller, "sandbox", &body).ok(200);
    scene.world.cache.set_away(true);
    let user = format!("/v1/users/{}", admin.user);
    scene.world.call(Ask::patch(user.as_str(), &json!({ "role": "viewer" })).by(scene.owner())).ok(200);
    scene.world.connect(&admin.caller, "sandbox", &body).refused(401, "token_revoked");
    let admin = scene.shop.add(&scene.world, Role::Admin);
    scene.world.call(Ask::delete(format!("/v1/sessions/{}", admin.session)).by(&admin.caller)).ok(204);
    scene.world.connect(&admin.caller, "sandbox", &body).refused(401, "token_revoked");
    let admin = scene.shop.add(&scene.world, Role::Admin);
    scene.world.call(Ask::delete(format!("/v1/users/{}", admin.user)).by(scene.owner())).ok(204);
    scene.world.connect(&admin.caller, "sandbox", &body).refused(401, "token_revoked");
}

/// G1 where no Redis is.
#[test]
fn calls_outside_the_network_are_limited_too() {
    let scene = Scene::new();
    let call = || scene.world.connect(scene.owner(), "sandbox", &json!({ "rank": "first" }));
    for _ in 0..100 {
        call().ok(200);
    }
    call().refused(429, "rate_limited");
}

/// What the routes out here are about is not changed for a session that may have ended.
#[test]
fn who_cannot_be_looked_up_is_not_let_in() {
    let scene = Scene::new();
    for call in ["sessions.get", "users.get", "limits.count"] {
        scene.world.faults.fail(call, 1, Fault::Unavailable);
        scene.world.connect(scene.owner(), "sandbox", &json!({ "rank": "first" })).refused(503, "unavailable");
        scene.world.call(Ask::get("/v1/providers/sandbox").by(scene.owner())).refused(404, "not_found");
    }
    connect(&scene, "sandbox", &json!({ "rank": "first" }));
}

/// What fails in between leaves the connections as they were, or as they were to be.
#[test]
fn a_failure_at_any_call_changes_all_or_nothing() {
    let good = Scene::new();
    good.world.faults.forget_calls();
    connect(&good, "stripe", &stripe_body("first", KEY));
    for nth in 1..=good.world.faults.total() {
        for fault in [Fault::Unavailable, Fault::TimedOutBefore, Fault::TimedOutAfter, Fault::Throttled] {
            let scene = Scene::new();
            scene.world.faults.fail("", nth, fault);
            drop(scene.world.connect(scene.owner(), "stripe", &stripe_body("first", KEY)));
            scene.every_fault_has_struck();
            connect(&scene, "stripe", &stripe_body("first", KEY));
            minute(&scene);
            assert_eq!(taken(&scene, &paid(&scene)), [0, 500], "{fault:?} at call {nth}");
            scene.comes_to_rest();
        }
    }
}

/// L1: what an account tells is proved by its own secret, and is about its own tenant's payments alone.
#[test]
fn an_account_tells_of_its_own_tenant_s_payments_alone() {
    let scene = Scene::new();
    let other = scene.world.sign_up("coffee");
    connect(&scene, "stripe", &stripe_body("first", KEY));
    minute(&scene);
    let payment = scene.world.pay(&scene.owner_now(), None, 500, "tok_requires_action").id();
    scene.world.settle();
    let tell = |whose: &str, tenant: &str, secret: &str| {
        let data = json!({ "idempotency_key": format!("{payment}-1"), "client_reference": tenant });
        let body = json!({ "id": format!("evt_{tenant}"), "type": "charge.updated", "data": data });
        let signature = provider::sign(&Secret::new(secret), scene.world.clock.now(), body.to_string().as_bytes());
        let ask = Ask::post("/v1/providers/stripe/events", &body).header("sandbox-signature", &signature);
        scene.world.call(ask.query("tenant", whose))
    };
    let (own, own_secret) = (scene.shop.tenant.as_str(), "whsec_0123456789");
    tell(own, own, "whsec_of_somebody").refused(400, "invalid_signature");
    tell(&other.tenant, own, own_secret).refused(404, "not_found");
    tell(own, &other.tenant, own_secret).ok(200);
    let events = |world: &World| world.store.contents().events.len();
    let before = events(&scene.world);
    tell(own, &other.tenant, own_secret).ok(200);
    assert_eq!(events(&scene.world), before, "another tenant's payment is not its matter");
    scene.world.second.authenticate(&format!("{payment}-1"));
    tell(own, own, own_secret).ok(200);
    scene.world.settle();
    assert_eq!(scene.status_of(&payment), PaymentStatus::Succeeded);
    scene.world.call(Ask::post("/v1/providers/stripe/events", &json!({}))).refused(404, "not_found");
    scene.comes_to_rest();
}
