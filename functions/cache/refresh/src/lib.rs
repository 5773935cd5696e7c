//! The tables' streams: keeps the cache true, whoever changed an item.

use app::cache_refresh;
use ports::PortError;
use ports::cache::Cache;
use ports::stream::StreamChange;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub cache: &'a dyn Cache,
}

pub async fn step(deps: Deps<'_>, changes: &[StreamChange]) -> Result<(), PortError> {
    cache_refresh::refresh(deps.cache, changes).await
}
