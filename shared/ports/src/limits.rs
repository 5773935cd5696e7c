//! Limits in the identity table, for the few functions that are outside the network and so cannot ask the cache.

use async_trait::async_trait;
use domain::access::Caller;
use domain::rate_limit::{LimitDecision, Quota};
use domain::time::Timestamp;

use crate::PortError;
use crate::cache::RouteClass;

#[async_trait]
pub trait Limits: Send + Sync {
    /// Counts a call as [`domain::rate_limit::decide`] does, atomically: of calls at once no more are allowed than the quota
    /// has room for. A call whose answer was lost may be counted twice.
    async fn count(
        &self,
        caller: &Caller,
        class: RouteClass,
        quota: Quota,
        now: Timestamp,
    ) -> Result<LimitDecision, PortError>;
}
