//! The gate of functions outside the network, which reach KMS or a provider and so no Redis. It asks the identity table what
//! the cache would have known: whether the session goes on, whether the user still is who the token says, and the limit. It
//! is dearer than a round trip to Redis, for routes that are called now and then, and lets nobody in who cannot be looked up:
//! these routes are about keys, secrets and where events go.

use async_trait::async_trait;
use domain::access::{Caller, Grant};
use domain::identity::{Session, User};
use domain::ids::TenantId;
use domain::rate_limit::{PaidUntil, decide};
use domain::time::Timestamp;
use futures_util::future;
use ports::PortError;
use ports::cache::{Admission, Admitted, Cache, CacheEntry, CacheKey, Lookup, Revocation};
use ports::commerce::Consistency;
use ports::identity::{Sessions, Users};
use ports::limits::Limits;

/// It has no entries: whoever looks for one reads the table.
#[derive(Clone, Copy)]
pub struct OutsideGate<'a> {
    pub users: &'a dyn Users,
    pub sessions: &'a dyn Sessions,
    pub limits: &'a dyn Limits,
}

#[async_trait]
impl Cache for OutsideGate<'_> {
    /// Every call counts for one: no route out here counts for more.
    async fn admit(&self, admission: Admission<'_>) -> Admitted {
        let Admission { caller, class, quota, cost: _, key: _, now } = admission;
        let (limit, revoked) =
            future::join(self.limits.count(caller, class, quota, now), self.is_revoked(caller, now)).await;
        let shut = limit.is_err() || revoked.is_err();
        for error in [limit.as_ref().err(), revoked.as_ref().err()].into_iter().flatten() {
            tracing::warn!(error = %error, "the identity table does not say whether a call is let in");
        }
        let limit = limit.unwrap_or_else(|_| decide(PaidUntil::default(), quota, 1, now).1);
        Admitted { limit, revoked: revoked.unwrap_or(false), found: Lookup::Unknown, degraded: shut, shut }
    }

    async fn await_fill(&self, _tenant: TenantId, _key: CacheKey) -> Lookup {
        Lookup::Unknown
    }

    async fn put(&self, _tenant: TenantId, _key: CacheKey, _entry: CacheEntry) -> Result<(), PortError> {
        Ok(())
    }

    /// The tables' streams tell the cache of it.
    async fn revoke(&self, _tenant: TenantId, _revocation: Revocation, _at: Timestamp) -> Result<(), PortError> {
        Ok(())
    }

    async fn ping(&self) -> Result<(), PortError> {
        Ok(())
    }
}

impl OutsideGate<'_> {
    async fn is_revoked(&self, caller: &Caller, now: Timestamp) -> Result<bool, PortError> {
        let Caller { tenant, subject, session, grant, issued_at_seconds: _ } = caller;
        let session = async {
            match session {
                Some(id) => self.sessions.get(*tenant, *id).await.map(Some),
                None => Ok(None),
            }
        };
        let user = async {
            match subject.parse() {
                Ok(id) => self.users.get(*tenant, id, Consistency::Strong).await.map(Some),
                Err(_no_user) => Ok(None),
            }
        };
        let (session, user) = future::try_join(session, user).await?;
        let has_ended = session.as_ref().is_some_and(|session| !session.as_ref().is_some_and(|is| is.is_live(now)));
        let is_other = user.as_ref().is_some_and(|user| !user.as_ref().is_some_and(|is| has_role(is, grant)));
        Ok(has_ended || is_other || has_old_password(session.flatten().as_ref(), user.flatten().as_ref()))
    }
}

fn has_role(user: &User, grant: &Grant) -> bool {
    match grant {
        Grant::Role(role) => user.role == *role,
        Grant::Scopes(_) => true,
    }
}

fn has_old_password(session: Option<&Session>, user: Option<&User>) -> bool {
    session.zip(user).is_some_and(|(session, user)| session.is_older_than_password(user))
}
