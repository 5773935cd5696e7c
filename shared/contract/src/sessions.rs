//! Sessions: a refresh token is exchanged once; presenting a used one ends the session with all that came of it.

use domain::identity::{SESSION_IDLE_MAX, Session};
use domain::ids::{SessionId, TenantId};
use domain::time::Timestamp;
use futures_util::future::join;
use ports::clock::Clock;
use ports::identity::{RotateRequest, Rotation, Sessions};
use std::time::Duration;

use crate::builders::{hash, session, user};
use crate::{IdentityTable, World};

const TICK: Duration = Duration::from_millis(1);

async fn opened(sessions: &dyn Sessions, world: &World) -> Session {
    let session = session(&user(world.tenant(), world.mint()), world.mint());
    sessions.create(&session).await.expect("a session is created");
    session
}

/// What the holder of `session` as it stands would ask.
fn request(session: &Session, world: &World) -> RotateRequest {
    RotateRequest {
        tenant: session.tenant,
        id: session.id,
        family_hash: session.family_hash,
        presented_hash: session.refresh_hash,
        next_hash: hash(world.mint()),
        expires_at: world.now().plus(SESSION_IDLE_MAX),
        now: world.now(),
    }
}

async fn rotate(sessions: &dyn Sessions, request: &RotateRequest) -> Rotation {
    sessions.rotate(request.clone()).await.expect("a session is rotated")
}

async fn stored(sessions: &dyn Sessions, tenant: TenantId, id: SessionId) -> Option<Session> {
    sessions.get(tenant, id).await.expect("a session is read")
}

async fn revoke(sessions: &dyn Sessions, session: &Session, now: Timestamp) -> Option<Session> {
    sessions.revoke(session.tenant, session.id, now).await.expect("a session is revoked")
}

/// The session with only its token, its expiry and its version moved on.
fn rotated(session: &Session, request: &RotateRequest, version: u64) -> Session {
    Session { refresh_hash: request.next_hash, expires_at: request.expires_at, version, ..session.clone() }
}

pub async fn a_session_is_found_by_its_tenant_alone(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    let live = opened(sessions, &world).await;
    let ended = Session { revoked_at: Some(world.now()), ..session(&user(world.tenant(), world.mint()), world.mint()) };
    sessions.create(&ended).await.expect("a session is created");

    for session in [live, ended] {
        assert_eq!(stored(sessions, session.tenant, session.id).await, Some(session.clone()));
        assert_eq!(stored(sessions, world.tenant(), session.id).await, None, "another tenant's session");
        assert_eq!(stored(sessions, session.tenant, world.id()).await, None);
    }
}

pub async fn each_token_is_exchanged_for_the_next(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    let mut current = opened(sessions, &world).await;
    for _ in 0..3 {
        world.advance(Duration::from_secs(60));
        let request = request(&current, &world);
        let Rotation::Rotated(next) = rotate(sessions, &request).await else { panic!("a good token was refused") };
        assert!(next.version > current.version, "a rotated session is a newer version");
        assert_eq!(next, rotated(&current, &request, next.version));
        assert_eq!(stored(sessions, next.tenant, next.id).await, Some(next.clone()));
        current = next;
    }
}

pub async fn a_used_token_ends_its_session(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    let first = opened(sessions, &world).await;
    let Rotation::Rotated(second) = rotate(sessions, &request(&first, &world)).await else { panic!("refused") };
    let Rotation::Rotated(third) = rotate(sessions, &request(&second, &world)).await else { panic!("refused") };

    let now = world.advance(TICK);
    let Rotation::Reused(ended) = rotate(sessions, &request(&first, &world)).await else {
        panic!("a used token was not told as such")
    };
    assert!(ended.version > third.version, "an ended session is a newer version");
    assert_eq!(ended, Session { revoked_at: Some(now), version: ended.version, ..third.clone() });
    assert_eq!(stored(sessions, first.tenant, first.id).await, Some(ended.clone()));

    world.advance(TICK);
    for holder in [&third, &second, &first] {
        assert_eq!(rotate(sessions, &request(holder, &world)).await, Rotation::Gone, "an ended session gave a token");
    }
    assert_eq!(stored(sessions, first.tenant, first.id).await, Some(ended), "an ended session changed");
}

pub async fn of_two_with_a_token_one_is_rotated(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    for _ in 0..5 {
        let session = opened(sessions, &world).await;
        let (one, other) = (request(&session, &world), request(&session, &world));
        let told = join(rotate(sessions, &one), rotate(sessions, &other)).await;
        let ended = match told {
            (Rotation::Rotated(_), Rotation::Reused(ended)) | (Rotation::Reused(ended), Rotation::Rotated(_)) => ended,
            told => panic!("of two that present the same token: {told:?}"),
        };
        assert_eq!(ended.revoked_at, Some(world.now()));
        assert_eq!(stored(sessions, session.tenant, session.id).await, Some(ended));
    }
}

/// No such session, another tenant's, another family's, expired, ended: nothing changes.
pub async fn what_is_not_a_live_session_s_token_is_gone(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    let live = opened(sessions, &world).await;
    let good = request(&live, &world);
    let foreign = hash(world.mint());
    for wrong in [
        RotateRequest { id: world.id(), ..good.clone() },
        RotateRequest { tenant: world.tenant(), ..good.clone() },
        RotateRequest { family_hash: foreign, ..good.clone() },
        RotateRequest { family_hash: foreign, presented_hash: foreign, ..good.clone() },
        RotateRequest { now: live.expires_at, ..good.clone() },
        RotateRequest { now: live.expires_at, presented_hash: foreign, ..good.clone() },
    ] {
        assert_eq!(rotate(sessions, &wrong).await, Rotation::Gone);
        assert_eq!(
            stored(sessions, wrong.tenant, wrong.id).await,
            Some(live.clone()).filter(|live| live.id == wrong.id && live.tenant == wrong.tenant)
        );
    }
    let last_moment = RotateRequest { now: live.expires_at.minus(TICK), ..good };
    assert!(matches!(rotate(sessions, &last_moment).await, Rotation::Rotated(_)), "refused before its expiry");

    let ended = opened(sessions, &world).await;
    let ended = revoke(sessions, &ended, world.now()).await.expect("it exists");
    assert_eq!(rotate(sessions, &request(&ended, &world)).await, Rotation::Gone);
    assert_eq!(stored(sessions, ended.tenant, ended.id).await, Some(ended));
}

pub async fn a_session_is_ended_once(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    let session = opened(sessions, &world).await;
    let now = world.advance(TICK);
    let ended = revoke(sessions, &session, now).await.expect("it exists");
    assert!(ended.version > session.version, "an ended session is a newer version");
    assert_eq!(ended, Session { revoked_at: Some(now), version: ended.version, ..session.clone() });

    let later = world.advance(TICK);
    let again = revoke(sessions, &session, later).await.expect("it exists");
    assert_eq!(again.revoked_at, Some(now), "ending it twice keeps the first moment");
    assert_eq!(stored(sessions, session.tenant, session.id).await, Some(again));
}

pub async fn nobody_ends_another_tenant_s_session(table: IdentityTable<'_>, seed: u128) {
    let sessions = table.sessions;
    let world = World::new(seed);
    let session = opened(sessions, &world).await;
    for wrong in [Session { tenant: world.tenant(), ..session.clone() }, Session { id: world.id(), ..session.clone() }]
    {
        assert_eq!(revoke(sessions, &wrong, world.now()).await, None);
        assert_eq!(stored(sessions, wrong.tenant, wrong.id).await, None, "ending made a session");
    }
    assert_eq!(stored(sessions, session.tenant, session.id).await, Some(session));
}
