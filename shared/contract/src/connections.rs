//! Connections to payment providers: one value a tenant, each change on top of the one before.

use std::time::Duration;

use domain::connection::{Connections, ProviderAccount, ProviderName, Rank};
use domain::ids::TenantId;
use ports::clock::Clock;
use ports::commerce::Consistency;
use ports::connections::ConnectionError;

use crate::builders::connections;
use crate::{CommerceTable, World};

fn of(provider: ProviderName, account: &str) -> ProviderAccount {
    ProviderAccount { provider, account: account.to_owned() }
}

async fn read(table: CommerceTable<'_>, tenant: TenantId) -> Connections {
    table.connections.get(tenant, Consistency::Strong).await.expect("connections are read")
}

pub async fn every_field_of_connections_is_kept(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let (tenant, other) = (world.tenant(), world.tenant());
    assert_eq!(read(table, tenant).await, Connections::none(tenant));
    let one = connections(tenant, world.mint());
    table.connections.put(&one).await.expect("the first are written");
    assert_eq!(read(table, tenant).await, one);
    let later = world.now().plus(Duration::from_secs(90));
    let sandbox = of(ProviderName::Sandbox, "sandbox");
    let two = one.connect(sandbox, None, Rank::Second, later).expect("the second one");
    table.connections.put(&two).await.expect("the next are written");
    assert_eq!(read(table, tenant).await, two);
    let gone = two.disconnect(ProviderName::Stripe, later);
    table.connections.put(&gone).await.expect("the next are written");
    assert_eq!(read(table, tenant).await, gone);
    assert_eq!(read(table, other).await, Connections::none(other), "another tenant's");
}

pub async fn connections_stand_on_the_version_before_them(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    let one = connections(tenant, world.mint());
    let two = one.disconnect(ProviderName::Stripe, world.now());
    assert!(matches!(table.connections.put(&two).await, Err(ConnectionError::Stale)), "there is none before");
    table.connections.put(&one).await.expect("the first are written");
    assert!(matches!(table.connections.put(&one).await, Err(ConnectionError::Stale)), "there is one already");
    table.connections.put(&two).await.expect("the next are written");
    for behind in [one, two.clone()] {
        assert!(matches!(table.connections.put(&behind).await, Err(ConnectionError::Stale)), "it is behind");
    }
    assert_eq!(read(table, tenant).await, two);
}
