//! What every adapter must do, as functions over the ports: each sentence of a port's doc comments is one that panics where
//! an adapter breaks it. `memory/tests/contract.rs` and `aws/tests/contract.rs` call them all. No function needs an empty
//! store: each mints tenants and ids of its own from its seed, so give every call on a shared store another seed.
//!
//! [`builders`] and [`World`] serve the tests of other crates, too.

pub mod allowances;
pub mod attachments;
pub mod attempts;
pub mod blobs;
pub mod builders;
pub mod cache;
pub mod claims;
pub mod closings;
pub mod commerce;
pub mod connections;
pub mod dead_letters;
pub mod disputes;
pub mod due;
pub mod events;
pub mod extractor;
pub mod fees;
pub mod files;
pub mod fills;
pub mod holds;
pub mod identity;
pub mod jobs;
pub mod journal;
pub mod ledger;
pub mod limits;
pub mod mail;
pub mod orders;
mod outcome;
mod pages;
pub mod passwords;
pub mod payments;
pub mod platform;
pub mod provider;
pub mod queues;
pub mod realtime;
pub mod refunds;
mod rows;
pub mod schedules;
pub mod sessions;
pub mod statements;
mod tables;
pub mod token_key;
pub mod vault;
pub mod verification;
pub mod wallets;
pub mod webhooks;
mod world;

pub use tables::{CommerceTable, IdentityTable, PlatformTable};
pub use world::World;
