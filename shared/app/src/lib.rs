//! Use cases: the order of steps over ports. Knows no HTTP, no AWS, no clock of its own; what to decide is the domain's.

pub mod accounts;
pub mod bulk_payments;
pub mod cache_refresh;
pub mod closings;
mod commit;
mod context;
pub mod disputes;
mod error;
pub mod events;
pub mod expand;
pub mod health;
pub mod journal;
pub mod orders;
pub mod outbox;
pub mod payments;
pub mod provider_events;
pub mod providers;
pub mod read;
pub mod refunds;
mod revise;
pub mod sessions;
pub mod settle_dispute;
pub mod settle_payment;
pub mod settle_refund;
pub mod sweep;
pub mod tenants;
pub mod users;
pub mod verification;
pub mod wallets;
pub mod webhook_endpoints;
pub mod webhooks;
pub mod work;

pub use commit::Outcome;
pub use context::{Context, Origin};
pub use error::Error;
