//! Reading one resource for an answer: from the cache entry the admission brought, else from the table, filling the cache.
//! Of many who miss at once, one reads the table; the others wait a moment for what it finds.

use domain::ids::TenantId;
use ports::cache::{Cache, CacheEntry, CacheKey, Lookup};
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

/// Where nothing was ever seen: older than any version of a resource.
const NEVER: u64 = 0;

/// `found` is what the admission brought. Who has the lease to fill reads the table for all; whoever waited for that in vain
/// reads it alone. `load` reads eventually consistent first, and strongly only when that finds nothing, so that a client sees
/// at once what it has just created and nobody else pays for it.
pub async fn through(
    target: Target<'_>,
    found: Lookup,
    load: impl AsyncFn(Consistency) -> Result<Option<Shown>, Error>,
) -> Result<Shown, Error> {
    let found = match found {
        Lookup::Filling => target.cache.await_fill(target.tenant, target.key).await,
        found => found,
    };
    match found {
        Lookup::Hit(entry) => show(target, entry),
        Lookup::Due(entry) => refreshed(target, entry, load).await,
        Lookup::Unknown | Lookup::Miss | Lookup::Filling => {
            let entry = loaded(load, NEVER).await?;
            put(target, entry.clone()).await;
            show(target, entry)
        }
    }
}

/// What the table has now, unless it cannot be read or a lagging replica has less than was known: then what was known.
async fn refreshed(
    target: Target<'_>,
    known: CacheEntry,
    load: impl AsyncFn(Consistency) -> Result<Option<Shown>, Error>,
) -> Result<Shown, Error> {
    let newest = match loaded(load, known.version + 1).await {
        Ok(entry) if entry.version >= known.version => entry,
        Ok(_older) => known,
        Err(error) => {
            tracing::warn!(error = %error, noun = target.noun, "cache entry not refreshed");
            return show(target, known);
        }
    };
    put(target, newest.clone()).await;
    show(target, newest)
}

/// The table's answer as an entry. What is not there is remembered as gone at `gone_version`, for those who ask at the same
/// time. It hides nothing: an id is made with its resource, and what the stream tells of that is newer.
async fn loaded(
    load: impl AsyncFn(Consistency) -> Result<Option<Shown>, Error>,
    gone_version: u64,
) -> Result<CacheEntry, Error> {
    let found = match load(Consistency::Eventual).await? {
        Some(shown) => Some(shown),
        None => load(Consistency::Strong).await?,
    };
    Ok(match found {
        Some(Shown { version, body }) => CacheEntry { version, body: Some(body) },
        None => CacheEntry { version: gone_version, body: None },
    })
}

fn show(target: Target<'_>, entry: CacheEntry) -> Result<Shown, Error> {
    let CacheEntry { version, body } = entry;
    body.map(|body| Shown { version, body }).ok_or(Error::NotFound(target.noun))
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
