//! The tokens a log-in gives, behind one port: access tokens signed by a key that stays where it is, refresh tokens drawn.

use std::sync::Arc;

use async_trait::async_trait;
use domain::access::Caller;
use domain::ids::{SessionId, TenantId};
use domain::secret::Secret;
use ports::PortError;
use ports::clock::Random;
use ports::credentials::{RefreshToken, TokenKey, Tokens};

use crate::{Claims, access_token, jws, refresh_token};

pub struct SignedTokens {
    key: Arc<dyn TokenKey>,
    random: Arc<dyn Random>,
    issuer: String,
    audience: String,
}

impl SignedTokens {
    /// `issuer` and `audience` are what [`crate::Policy`] is given where the tokens are verified.
    pub fn new(
        key: Arc<dyn TokenKey>,
        random: Arc<dyn Random>,
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        Self { key, random, issuer: issuer.into(), audience: audience.into() }
    }
}

#[async_trait]
impl Tokens for SignedTokens {
    async fn access(&self, caller: &Caller) -> Result<Secret, PortError> {
        let id = jws::encode(self.random.bits().to_be_bytes());
        let claims = Claims { issuer: &self.issuer, audience: &self.audience, caller, id: &id };
        access_token::issue(self.key.as_ref(), &claims).await
    }

    fn first_refresh(&self, tenant: TenantId, session: SessionId) -> RefreshToken {
        refresh_token::mint(self.random.as_ref(), tenant, session)
    }

    fn next_refresh(&self, of: &RefreshToken) -> RefreshToken {
        // Every refresh token there is was minted or parsed here, so it has a next one; the alternative ends in `Gone`.
        refresh_token::next(self.random.as_ref(), of).unwrap_or_else(|| self.first_refresh(of.tenant, of.session))
    }

    fn parse_refresh(&self, text: &str) -> Option<RefreshToken> {
        refresh_token::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use domain::access::{Grant, Role};
    use domain::ids::UserId;
    use domain::time::Timestamp;

    use super::*;
    use crate::test_key::TestKey;
    use crate::{Policy, verify};

    struct Counting(AtomicU64);

    impl Random for Counting {
        fn bits(&self) -> u128 {
            u128::from(self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    #[tokio::test]
    async fn a_log_in_s_tokens_are_good_where_they_are_presented() {
        let random = Arc::new(Counting(AtomicU64::new(0)));
        let tokens = SignedTokens::new(Arc::new(TestKey::new("k")), random, "issuer", "audience");
        let (tenant, session) = (TenantId::from_u128(1), SessionId::from_u128(2));
        let caller = Caller {
            tenant,
            subject: UserId::from_u128(3).to_string(),
            session: Some(session),
            grant: Grant::Role(Role::Owner),
            issued_at_seconds: 1_000,
        };
        let (one, other) =
            (tokens.access(&caller).await.expect("issued"), tokens.access(&caller).await.expect("issued"));
        let policy = Policy { issuer: "issuer".into(), audience: "audience".into(), leeway: Duration::ZERO };
        let keys = [TestKey::new("k").public()];
        assert_eq!(verify(one.reveal(), &keys, &policy, Timestamp::from_ms(1_000_000)), Ok(caller));
        assert_ne!(one.reveal().split('.').nth(1), other.reveal().split('.').nth(1), "each has a name of its own");

        let first = tokens.first_refresh(tenant, session);
        let presented = tokens.parse_refresh(first.text.reveal()).expect("minted here");
        let next = tokens.next_refresh(&presented);
        assert_eq!((presented, next.family_hash), (first.clone(), first.family_hash));
        assert_ne!(next.rotating_hash, first.rotating_hash);
    }
}
