//! Payment providers over HTTP: the adapter for the sandbox's API. It decides nothing: it says what the provider said, and
//! where that cannot be known, that it cannot be known.

mod answer;
mod client;

pub use client::{HttpProvider, ProviderConfig};

#[cfg(test)]
mod double;
