//! Once a minute: deliveries whose time has come and that no message brings are put into the queue.

use std::time::Duration;

use domain::event::{Notice, Queue};
use futures_util::{StreamExt, stream};
use ports::PortError;
use ports::queues::Queues;
use ports::webhooks::{DeliveryKey, WebhookDeliveries};

use super::due_notice;
use crate::Context;
use crate::sweep::Swept;
use crate::turns::{READ, ROUNDS_MAX, Rounds, by_turn};

const AT_ONCE: usize = 32;
/// How long the queue has to bring one before it is put there again.
const BROUGHT_WITHIN: Duration = Duration::from_secs(10 * 60);

#[derive(Clone, Copy)]
pub struct Waking<'a> {
    pub deliveries: &'a dyn WebhookDeliveries,
    pub queues: &'a dyn Queues,
}

/// One that fails stays due.
pub async fn run(context: &Context<'_>, on: Waking<'_>) -> Result<Swept, PortError> {
    let (mut swept, mut rounds) = (Swept::default(), Rounds::new());
    for _ in 0..ROUNDS_MAX {
        let due = on.deliveries.due(context.now(), READ).await?;
        let (first, is_last) = rounds.take(due, in_turns);
        let taken = stream::iter(first.into_iter().map(|key| take(context, on, key))).buffer_unordered(AT_ONCE);
        let taken: Vec<Result<Option<Notice>, PortError>> = taken.collect().await;
        let failed = taken.iter().filter(|result| result.is_err()).count();
        for error in taken.iter().filter_map(|result| result.as_ref().err()) {
            tracing::warn!(error = %error, "left for the next run");
        }
        let notices: Vec<Notice> = taken.into_iter().filter_map(Result::ok).flatten().collect();
        on.queues.send(Queue::Webhooks, &notices).await?;
        swept.done += notices.len();
        swept.failed += failed;
        if is_last || failed > 0 {
            break;
        }
    }
    Ok(swept)
}

/// Tenants take turns, and so do each tenant's endpoints; within an endpoint the order stays.
fn in_turns(due: Vec<DeliveryKey>) -> Vec<DeliveryKey> {
    let of_endpoints = by_turn(due, |key| (key.tenant, key.endpoint));
    by_turn(of_endpoints, |key| key.tenant)
}

/// Moves it on in the index, so that the next run does not find it while its message is under way.
async fn take(context: &Context<'_>, on: Waking<'_>, key: DeliveryKey) -> Result<Option<Notice>, PortError> {
    // The index lags behind the rows.
    let delivery = on.deliveries.get(key).await?.filter(|delivery| delivery.is_due(context.now()));
    let Some(delivery) = delivery else { return Ok(None) };
    let moved = delivery.looked_at(context.now());
    let is_ours = on.deliveries.put(&moved, Some(context.now().plus(BROUGHT_WITHIN))).await?;
    Ok(is_ours.then(|| due_notice(key, None)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::ids::{EventId, TenantId, WebhookEndpointId};
    use proptest::prelude::*;

    use super::*;

    fn key((tenant, endpoint, event): (u128, u128, u128)) -> DeliveryKey {
        let (tenant, event) = (TenantId::from_u128(tenant), EventId::from_u128(event));
        DeliveryKey { tenant, endpoint: WebhookEndpointId::from_u128(endpoint), event }
    }

    #[test]
    fn a_flood_of_one_endpoint_holds_nobody_else() {
        let flood = (0..1_000).map(|event| (1, 1, event));
        let due = flood.chain([(1, 2, 2_000), (2, 3, 2_001), (3, 4, 2_002), (3, 4, 2_003)]).map(key).collect();
        let first: Vec<DeliveryKey> = in_turns(due).into_iter().take(6).collect();
        let expected = [(1, 1, 0), (2, 3, 2_001), (3, 4, 2_002), (1, 2, 2_000), (3, 4, 2_003), (1, 1, 1)].map(key);
        assert_eq!(first, expected);
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_and_nobody_waits_for_another_s_second(
            due in prop::collection::vec((0..4_u128, 0..3_u128, any::<u128>()).prop_map(key), 0..60),
        ) {
            let tenants: BTreeSet<TenantId> = due.iter().map(|key| key.tenant).collect();
            let turns = in_turns(due.clone());
            let first: BTreeSet<TenantId> = turns.iter().take(tenants.len()).map(|key| key.tenant).collect();
            prop_assert_eq!(first, tenants);
            let (mut all, mut again) = (due, turns);
            all.sort();
            again.sort();
            prop_assert_eq!(all, again);
        }
    }
}
