//! Keeps the cache true: for every change of the tables, whoever made it, the entry is replaced or marked gone, and ended
//! sessions and users are remembered. Entries carry versions, so changes may come twice and in any order.

use domain::identity::{Session, User};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::PortError;
use ports::cache::{Cache, CacheEntry, CacheKey, Revocation};
use ports::stream::{Image, StreamChange};

use crate::read::Shown;
use crate::{orders, payments, tenants, users};

/// Fails as a whole, so that the stream gives the batch again.
pub async fn refresh(cache: &dyn Cache, changes: &[StreamChange]) -> Result<(), PortError> {
    for StreamChange { old, new } in changes {
        match (old, new) {
            (_, Some(Image::Order(order))) => {
                store(cache, order.tenant, CacheKey::Order(order.id), orders::shown(order)).await?
            }
            (_, Some(Image::Payment(payment))) => {
                store(cache, payment.tenant, CacheKey::Payment(payment.id), payments::shown(payment)).await?;
            }
            (_, Some(Image::Tenant(tenant))) => {
                store(cache, tenant.id, CacheKey::Tenant, tenants::shown(tenant)).await?
            }
            (old, Some(Image::User(user))) => user_changed(cache, old.as_ref(), user).await?,
            (Some(Image::User(user)), None) => user_gone(cache, user).await?,
            (_, Some(Image::Session(session))) => session_changed(cache, session).await?,
            (
                _,
                Some(Image::Refund(_) | Image::Dispute(_) | Image::Event(_) | Image::Transaction(_) | Image::Other)
                | None,
            ) => {}
        }
    }
    Ok(())
}

async fn store(cache: &dyn Cache, tenant: TenantId, key: CacheKey, shown: Shown) -> Result<(), PortError> {
    cache.put(tenant, key, CacheEntry { version: shown.version, body: Some(shown.body) }).await
}

/// A new role or password ends the tokens that were issued before.
async fn user_changed(cache: &dyn Cache, old: Option<&Image>, user: &User) -> Result<(), PortError> {
    let rights_changed = match old {
        Some(Image::User(old)) => old.role != user.role || old.password_hash != user.password_hash,
        _ => false,
    };
    if rights_changed {
        cache.revoke(user.tenant, Revocation::User(user.id), user.updated_at).await?;
    }
    store(cache, user.tenant, CacheKey::User(user.id), users::shown(user)).await
}

async fn user_gone(cache: &dyn Cache, user: &User) -> Result<(), PortError> {
    // The removal carries no time of its own. No token of this user is good any more, however young.
    cache.revoke(user.tenant, Revocation::User(user.id), Timestamp::from_ms(i64::MAX)).await?;
    cache.put(user.tenant, CacheKey::User(user.id), CacheEntry { version: user.version + 1, body: None }).await
}

async fn session_changed(cache: &dyn Cache, session: &Session) -> Result<(), PortError> {
    match session.revoked_at {
        Some(at) => cache.revoke(session.tenant, Revocation::Session(session.id), at).await,
        None => Ok(()),
    }
}
