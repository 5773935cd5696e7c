//! Limits by caller and route class.

use async_trait::async_trait;
use domain::access::Caller;
use domain::rate_limit::{LimitDecision, Quota, decide};
use domain::time::Timestamp;
use ports::PortError;
use ports::cache::RouteClass;
use ports::limits::Limits;

use super::Store;

#[async_trait]
impl Limits for Store {
    async fn count(
        &self,
        caller: &Caller,
        class: RouteClass,
        quota: Quota,
        now: Timestamp,
    ) -> Result<LimitDecision, PortError> {
        let effect = || {
            let mut table = self.identity.get();
            let state = table.limits.entry((caller.tenant, caller.subject.clone(), class)).or_default();
            let (next, decision) = decide(*state, quota, 1, now);
            *state = next;
            Ok(decision)
        };
        self.faults.call("limits.count", effect).await
    }
}
