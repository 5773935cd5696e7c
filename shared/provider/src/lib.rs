//! Payment providers over HTTP: the adapter for the sandbox's API. It decides nothing: it says what the provider said, and
//! where that cannot be known, that it cannot be known.

mod answer;
mod client;
mod events;
mod signature;

pub use client::{HttpProvider, ProviderConfig};
pub use events::SandboxEvents;
pub use signature::{TOLERANCE_SECONDS, sign};

#[cfg(test)]
mod double;
