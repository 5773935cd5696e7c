//! Reading one resource for an answer: from the cache entry the admission brought, else from the table, filling the cache.

use domain::ids::TenantId;
use ports::cache::{Cache, CacheEntry, CacheKey};
use ports::commerce::Consistency;

use crate::Error;

/// A resource's JSON and the version it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub version: u64,
    pub body: String,
}

/// Where a read looks and what it is called when there is none.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub cache: &'a dyn Cache,
    pub tenant: TenantId,
    pub key: CacheKey,
    pub noun: &'static str,
}

/// `entry` is what the admission found. On a miss `load` reads: eventually consistent first, and strongly only when that
/// finds nothing, so that a client sees at once what it has just created and nobody else pays for it.
pub async fn through(
    target: Target<'_>,
    entry: Option<CacheEntry>,
    load: impl AsyncFn(Consistency) -> Result<Option<Shown>, Error>,
) -> Result<Shown, Error> {
    let not_found = Error::NotFound(target.noun);
    if let Some(CacheEntry { version, body }) = entry {
        return body.map(|body| Shown { version, body }).ok_or(not_found);
    }
    let found = match load(Consistency::Eventual).await? {
        Some(shown) => Some(shown),
        None => load(Consistency::Strong).await?,
    };
    let shown = found.ok_or(not_found)?;
    write_through(target, &shown).await;
    Ok(shown)
}

/// Puts what a request has just read or written where the next reader looks. The cache may be away: the stream consumer
/// and the entries' life time see to it then.
pub async fn write_through(target: Target<'_>, shown: &Shown) {
    let entry = CacheEntry { version: shown.version, body: Some(shown.body.clone()) };
    put(target, entry).await;
}

/// Remembers that the resource is gone.
pub async fn forget(target: Target<'_>, version: u64) {
    put(target, CacheEntry { version, body: None }).await;
}

async fn put(target: Target<'_>, entry: CacheEntry) {
    if let Err(error) = target.cache.put(target.tenant, target.key, entry).await {
        tracing::warn!(error = %error, noun = target.noun, "cache not written");
    }
}
