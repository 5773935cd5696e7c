//! Fee settings: one for each tenant, the last that was put.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::fee::{FeeSettings, FeeTerms};
use domain::ids::TenantId;
use ports::clock::Clock;
use ports::commerce::Consistency;

use crate::builders::{currency, fee_settings};
use crate::{CommerceTable, World};

async fn stored(table: CommerceTable<'_>, tenant: TenantId) -> Option<FeeSettings> {
    table.fees.get(tenant, Consistency::Strong).await.expect("fee settings are read")
}

pub async fn the_last_fee_settings_stand_in_every_field(table: CommerceTable<'_>, seed: u128) {
    let world = World::new(seed);
    let tenant = world.tenant();
    assert_eq!(stored(table, tenant).await, None);
    let first = fee_settings(tenant, world.mint());
    world.advance(Duration::from_millis(1));
    let fixed = BTreeMap::from([(currency("JPY"), 10), (currency("USD"), 0)]);
    let terms = FeeTerms::new(10_000, fixed).expect("good terms");
    let second = FeeSettings { tenant, terms, updated_at: world.now() };
    for settings in [&first, &second, &second, &first] {
        table.fees.put(settings).await.expect("fee settings are written");
        assert_eq!(stored(table, tenant).await.as_ref(), Some(settings));
        assert_eq!(stored(table, world.tenant()).await, None, "another tenant's");
    }
}
