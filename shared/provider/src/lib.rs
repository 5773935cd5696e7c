//! Payment providers over HTTP: the adapters for the sandbox's API and for Stripe's. They decide nothing: they say what the
//! provider said, and where that cannot be known, that it cannot be known.

mod answer;
mod client;
mod connector;
mod events;
mod exchange;
mod signature;
mod stripe;

pub use client::HttpProvider;
pub use connector::HttpConnector;
pub use events::SandboxEvents;
pub use exchange::ProviderConfig;
pub use signature::{TOLERANCE_SECONDS, sign};
pub use stripe::{STRIPE_URL, StripeEvents, StripeProvider};

#[cfg(test)]
mod double;
