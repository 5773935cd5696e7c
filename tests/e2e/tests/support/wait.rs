//! Waiting for what comes by itself, bounded, with the last look in the failure.

use std::time::{Duration, Instant};

/// What background work may take on a busy machine. Not a promise of speed: those are measured elsewhere.
pub const SOON: Duration = Duration::from_secs(20);

const PAUSE: Duration = Duration::from_millis(100);

/// Looks until there is what is waited for. `Err` is what was seen instead.
pub async fn eventually<T>(what: &str, within: Duration, look: impl AsyncFn() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if started.elapsed() > within => {
                panic!("{what} did not come within {} s; last seen: {seen}", within.as_secs())
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
