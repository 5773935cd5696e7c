//! Connections to payment providers: one value a tenant, each change on top of the one before.

use std::time::Duration;

use domain::connection::{Connections, ProviderAccount, ProviderName, Rank};
use domain::ids::TenantId;
use ports::clock::Clock;
use ports::commerce::{Change, Commit, CommitError, Consistency};

use crate::builders::connections;
use crate::{CommerceTable, World};

fn of(provider: ProviderName, account: &str) -> ProviderAccount {
    ProviderAccount { provider, account: account.to_owned() }
}

async fn read(table: CommerceTable<'_>, tenant: TenantId) -> Connections {
    table.connections.get(tenant, Consistency::Strong).await.expect("connections are read")
}

async fn set(table: CommerceTable<'_>, world: &World, connections: &Connections) -> Result<(), CommitError> {
    let (tenant, now) = (connections.tenant, world.now());
    let changes = vec![Change::SetConnections(connections.clone())];
    table.commerce.commit(Commit { tenant, record: None, changes, events: Vec::new(), now }).await
}

pub async fn every_field_of_connections_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    assert_eq!(read(table, tenant).await, Connections::none(tenant));
    let one = connections(tenant, world.mint());
    set(table, &world, &one).await.expect("the first are written");
    assert_eq!(read(table, tenant).await, one);
    let later = world.now().plus(Duration::from_secs(90));
    let sandbox = of(ProviderName::Sandbox, "sandbox");
    let two = one.connect(sandbox, None, Rank::Second, later).expect("the second one");
    set(table, &world, &two).await.expect("the next are written");
    assert_eq!(read(table, tenant).await, two);
    let refused = two.refuse_key(ProviderName::Stripe, later).expect("news");
    set(table, &world, &refused).await.expect("the next are written");
    assert_eq!(read(table, tenant).await, refused);
    let gone = refused.disconnect(ProviderName::Stripe, later);
    set(table, &world, &gone).await.expect("the next are written");
    assert_eq!(read(table, tenant).await, gone);
    assert_eq!(read(table, other).await, Connections::none(other), "another tenant's");
}

pub async fn connections_stand_on_the_version_before_them(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let one = connections(tenant, world.mint());
    let two = one.disconnect(ProviderName::Stripe, world.now());
    assert!(matches!(set(table, &world, &two).await, Err(CommitError::Stale)), "there is none before");
    set(table, &world, &one).await.expect("the first are written");
    assert!(matches!(set(table, &world, &one).await, Err(CommitError::Stale)), "there is one already");
    set(table, &world, &two).await.expect("the next are written");
    for behind in [one, two.clone()] {
        assert!(matches!(set(table, &world, &behind).await, Err(CommitError::Stale)), "it is behind");
    }
    assert_eq!(read(table, tenant).await, two);
}
