//! Tenants and users: an address belongs to one user of a tenant, and whoever logs in with it is found.

use domain::access::Role;
use domain::idempotency::{Answer, KEPT_FOR, Record};
use domain::identity::{Tenant, User};
use domain::ids::{TenantId, UserId};
use domain::page::Limit;
use domain::secret::Secret;
use domain::text::Email;
use domain::time::Timestamp;
use futures_util::future::join_all;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::identity::{IdentityError, Users};
use std::time::Duration;

use crate::builders::{email, record, tenant, text, user};
use crate::pages::{all_while, assert_lists};
use crate::{IdentityTable, World};

const TICK: Duration = Duration::from_millis(1);
const TRIES_MAX: u32 = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Done,
    Claimed(Box<Record>),
    EmailTaken,
    Stale,
}

/// A contended write is tried again, as its doc comment allows.
async fn outcome(mut write: impl AsyncFnMut() -> Result<(), IdentityError>) -> Outcome {
    for _ in 0..TRIES_MAX {
        return match write().await {
            Ok(()) => Outcome::Done,
            Err(IdentityError::Contended) => continue,
            Err(IdentityError::Claimed(record)) => Outcome::Claimed(record),
            Err(IdentityError::EmailTaken) => Outcome::EmailTaken,
            Err(IdentityError::Stale) => Outcome::Stale,
            Err(IdentityError::Port(error)) => panic!("the store failed under a contract test: {error:?}"),
        };
    }
    panic!("a write was still contended after {TRIES_MAX} tries")
}

async fn sign_up(table: IdentityTable<'_>, tenant: &Tenant, owner: &User) -> Outcome {
    outcome(async || table.tenants.create(tenant, owner).await).await
}

async fn create(users: &dyn Users, user: &User, record: Option<&Record>, now: Timestamp) -> Outcome {
    outcome(async || users.create(user, record.cloned(), now).await).await
}

async fn add(table: IdentityTable<'_>, user: &User) {
    assert_eq!(create(table.users, user, None, user.created_at).await, Outcome::Done, "a new user was refused");
}

async fn update(table: IdentityTable<'_>, user: &User) -> Outcome {
    outcome(async || table.users.update(user).await).await
}

async fn delete(table: IdentityTable<'_>, user: &User) -> Outcome {
    outcome(async || table.users.delete(user).await).await
}

async fn stored(table: IdentityTable<'_>, tenant: TenantId, id: UserId) -> Option<User> {
    table.users.get(tenant, id, Consistency::Strong).await.expect("a user is read")
}

async fn logins(table: IdentityTable<'_>, email: &Email) -> Vec<(TenantId, UserId)> {
    let mut logins = table.users.logins(email).await.expect("logins are read");
    logins.sort_unstable();
    logins
}

async fn assert_users(table: IdentityTable<'_>, tenant: TenantId, expected: &[User]) {
    assert_lists("the users", expected, async |page| table.users.list(tenant, page).await).await;
}

pub async fn a_tenant_comes_with_its_owner(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let created = tenant(world.mint());
    let owner = User { role: Role::Owner, ..user(created.id, world.mint()) };
    assert_eq!(sign_up(table, &created, &owner).await, Outcome::Done);

    for consistency in [Consistency::Strong, Consistency::Eventual] {
        let get = async |id| table.tenants.get(id, consistency).await.expect("a tenant is read");
        assert_eq!(get(created.id).await.as_ref(), Some(&created));
        assert_eq!(get(world.tenant()).await, None);
    }
    assert_eq!(stored(table, created.id, owner.id).await.as_ref(), Some(&owner));
    assert_eq!(logins(table, &owner.email).await, [(created.id, owner.id)]);
    assert_users(table, created.id, &[owner]).await;
}

pub async fn a_tenant_is_created_once(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let created = tenant(world.mint());
    let owner = user(created.id, world.mint());
    assert_eq!(sign_up(table, &created, &owner).await, Outcome::Done);

    let again = Tenant { name: text("Another name"), ..created.clone() };
    let other = user(created.id, world.mint());
    assert_eq!(sign_up(table, &again, &other).await, Outcome::Stale);
    assert_eq!(sign_up(table, &again, &owner).await, Outcome::EmailTaken, "the address is told first");

    let found = table.tenants.get(created.id, Consistency::Strong).await.expect("a tenant is read");
    assert_eq!(found, Some(created.clone()));
    assert_eq!(stored(table, created.id, other.id).await, None, "a refused sign-up left its owner");
    assert_eq!(logins(table, &other.email).await, [], "a refused sign-up left a login");
    assert_users(table, created.id, &[owner]).await;
}

pub async fn every_field_of_a_user_is_kept(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    for role in Role::ALL {
        let expected = User { role, updated_at: world.now().plus(TICK), version: 7, ..user(tenant, world.mint()) };
        add(table, &expected).await;
        assert_eq!(stored(table, tenant, expected.id).await, Some(expected));
    }
}

pub async fn a_user_is_found_by_their_tenant_alone(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (ours, theirs) = (user(tenant, world.mint()), user(other, world.mint()));
    add(table, &ours).await;
    add(table, &theirs).await;

    for consistency in [Consistency::Strong, Consistency::Eventual] {
        for (tenant, id, expected) in [
            (tenant, ours.id, Some(&ours)),
            (other, theirs.id, Some(&theirs)),
            (tenant, theirs.id, None),
            (other, ours.id, None),
            (tenant, world.id(), None),
        ] {
            let found = table.users.get(tenant, id, consistency).await.expect("a user is read");
            assert_eq!(found.as_ref(), expected, "{consistency:?}");
        }
    }
    assert_users(table, tenant, &[ours]).await;
    assert_users(table, other, &[theirs]).await;
    assert_users(table, world.tenant(), &[]).await;
}

/// Of one tenant, that is; the same person may work for several.
pub async fn an_address_belongs_to_one_user_of_a_tenant(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let first = user(tenant, world.mint());
    let second = User { email: first.email.clone(), ..user(tenant, world.mint()) };
    let elsewhere = User { email: first.email.clone(), ..user(other, world.mint()) };
    add(table, &first).await;
    assert_eq!(create(table.users, &second, None, world.now()).await, Outcome::EmailTaken);
    add(table, &elsewhere).await;

    assert_eq!(stored(table, tenant, second.id).await, None, "a refused user was written");
    let mut expected = [(tenant, first.id), (other, elsewhere.id)];
    expected.sort_unstable();
    assert_eq!(logins(table, &first.email).await, expected);
    assert_eq!(logins(table, &email(world.mint())).await, [], "nobody has this address");
}

pub async fn of_parallel_users_with_an_address_one_stands(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let shared = email(world.mint());
    let rivals: Vec<User> = (0..5).map(|_| User { email: shared.clone(), ..user(tenant, world.mint()) }).collect();

    let told = join_all(rivals.iter().map(|rival| create(table.users, rival, None, world.now()))).await;

    assert_eq!(told.iter().filter(|told| **told == Outcome::Done).count(), 1, "parallel users: {told:?}");
    assert_eq!(told.iter().filter(|told| **told == Outcome::EmailTaken).count(), 4, "parallel users: {told:?}");
    let (winner, _) = rivals.iter().zip(&told).find(|(_, told)| **told == Outcome::Done).expect("one stands");
    assert_eq!(logins(table, &shared).await, [(tenant, winner.id)]);
    assert_users(table, tenant, std::slice::from_ref(winner)).await;
}

/// The key first, then the address, then the id; a refused user leaves no row, no login and no claim.
pub async fn a_user_s_conditions_are_told_in_order(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, now) = (world.tenant(), world.now());
    let (first, claimed) = (user(tenant, world.mint()), record(world.mint()));
    assert_eq!(create(table.users, &first, Some(&claimed), now).await, Outcome::Done);

    let rival = Record { answer: Answer { status: 201, ..claimed.answer.clone() }, ..claimed.clone() };
    let was_claimed = Outcome::Claimed(Box::new(claimed.clone()));
    for user in [user(tenant, world.mint()), first.clone()] {
        assert_eq!(
            create(table.users, &user, Some(&rival), now).await,
            was_claimed,
            "a used key comes before all else"
        );
    }
    let free = record(world.mint());
    let same_id = User { email: email(world.mint()), name: text("Somebody Else"), ..first.clone() };
    assert_eq!(create(table.users, &first, Some(&free), now).await, Outcome::EmailTaken);
    assert_eq!(create(table.users, &same_id, Some(&free), now).await, Outcome::Stale);

    assert_eq!(logins(table, &same_id.email).await, [], "a refused user left a login");
    assert_users(table, tenant, &[first]).await;
    let next = user(tenant, world.mint());
    assert_eq!(create(table.users, &next, Some(&free), now).await, Outcome::Done, "a refused user kept the claim");
}

pub async fn an_expired_claim_on_a_user_is_free(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let claimed = record(world.mint());
    let now = world.now();
    assert_eq!(create(table.users, &user(tenant, world.mint()), Some(&claimed), now).await, Outcome::Done);
    let elsewhere = user(other, world.mint());
    assert_eq!(
        create(table.users, &elsewhere, Some(&claimed), now).await,
        Outcome::Done,
        "a key belongs to its tenant"
    );

    let last_moment = world.advance(KEPT_FOR - TICK);
    let second = user(tenant, world.mint());
    let told = create(table.users, &second, Some(&claimed), last_moment).await;
    assert_eq!(told, Outcome::Claimed(Box::new(claimed.clone())));
    let expiry = world.advance(TICK);
    assert_eq!(create(table.users, &second, Some(&claimed), expiry).await, Outcome::Done);
}

pub async fn users_come_newest_first(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut users = Vec::new();
    for _ in 0..3 {
        world.advance(TICK);
        users.extend([user(tenant, world.mint()), user(tenant, world.mint())]);
    }
    for user in &users {
        add(table, user).await;
    }
    users.sort_by_key(|user| std::cmp::Reverse(user.id));
    assert_users(table, tenant, &users).await;

    let list = async |page| table.users.list(tenant, page).await;
    let arrive = async || {
        world.advance(TICK);
        add(table, &user(tenant, world.mint())).await;
    };
    assert_eq!(all_while(list, arrive).await, users, "users that arrive while a list is read move none of its pages");
}

pub async fn the_eldest_users_come_oldest_first(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let mut users = Vec::new();
    for _ in 0..4 {
        world.advance(TICK);
        users.push(user(tenant, world.mint()));
    }
    let eldest = async |tenant, limit| {
        let limit = Limit::new(limit).expect("a limit");
        table.users.eldest(tenant, limit).await.expect("users are read")
    };
    assert_eq!(eldest(tenant, 3).await, []);
    for user in users.iter().rev() {
        add(table, user).await;
    }
    assert_eq!(eldest(tenant, 3).await, users[..3]);
    assert_eq!(eldest(tenant, 100).await, users);
    assert_eq!(eldest(world.tenant(), 100).await, [], "another tenant's");
}

pub async fn a_user_is_updated_on_the_version_before(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let first = user(tenant, world.mint());
    add(table, &first).await;
    let changed = User {
        name: text("A New Name"),
        role: Role::Admin,
        password_hash: Secret::new("$test$new"),
        password_changed_at: world.mint().clock.now(),
        updated_at: world.advance(TICK),
        ..first.clone()
    };

    for version in [1, 3] {
        assert_eq!(update(table, &User { version, ..changed.clone() }).await, Outcome::Stale);
    }
    let theirs = User { tenant: other, version: 2, ..changed.clone() };
    assert_eq!(update(table, &theirs).await, Outcome::Stale, "another tenant's user");
    assert_eq!(stored(table, tenant, first.id).await, Some(first.clone()), "a stale update changed the user");
    assert_eq!(stored(table, other, first.id).await, None, "an update made a user");

    let second = User { version: 2, ..changed };
    assert_eq!(update(table, &second).await, Outcome::Done);
    assert_eq!(update(table, &second).await, Outcome::Stale, "an update was done twice");
    assert_eq!(stored(table, tenant, first.id).await, Some(second));
    assert_eq!(logins(table, &first.email).await, [(tenant, first.id)]);
}

/// Whatever the store answers to an update that tries.
pub async fn an_update_does_not_change_the_address(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let first = user(tenant, world.mint());
    add(table, &first).await;
    let moved = User { email: email(world.mint()), version: 2, ..first.clone() };
    // Refusing it is as good as leaving the address out.
    let _answer = table.users.update(&moved).await;

    let found = stored(table, tenant, first.id).await.expect("the user exists");
    assert_eq!(found.email.as_str(), first.email.as_str());
    assert_eq!(logins(table, &first.email).await, [(tenant, first.id)]);
    assert_eq!(logins(table, &moved.email).await, []);
}

pub async fn a_deleted_user_is_gone_with_their_login(table: IdentityTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    let (leaver, stayer) = (user(tenant, world.mint()), user(tenant, world.mint()));
    add(table, &leaver).await;
    add(table, &stayer).await;
    let updated = User { version: 2, ..leaver.clone() };
    assert_eq!(update(table, &updated).await, Outcome::Done);

    assert_eq!(delete(table, &leaver).await, Outcome::Stale, "an older version was deleted");
    assert_eq!(delete(table, &User { version: 3, ..leaver.clone() }).await, Outcome::Stale);
    assert_eq!(
        delete(table, &User { tenant: other, ..updated.clone() }).await,
        Outcome::Stale,
        "another tenant's user"
    );
    assert_eq!(stored(table, tenant, leaver.id).await, Some(updated.clone()), "a refused deletion changed the user");
    assert_eq!(logins(table, &leaver.email).await, [(tenant, leaver.id)], "a refused deletion took the login");

    assert_eq!(delete(table, &updated).await, Outcome::Done);
    assert_eq!(stored(table, tenant, leaver.id).await, None);
    assert_eq!(logins(table, &leaver.email).await, []);
    assert_users(table, tenant, &[stayer]).await;
    assert_eq!(delete(table, &updated).await, Outcome::Stale, "a user was deleted twice");
    assert_eq!(update(table, &User { version: 3, ..updated }).await, Outcome::Stale, "an update brought a user back");

    let successor = User { email: leaver.email.clone(), ..user(tenant, world.mint()) };
    add(table, &successor).await;
    assert_eq!(logins(table, &leaver.email).await, [(tenant, successor.id)], "the address is free again");
}
