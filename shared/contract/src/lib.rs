//! What every adapter must do, as functions over the ports: each sentence of a port's doc comments is one that panics where
//! an adapter breaks it. `memory/tests/contract.rs` and `aws/tests/contract.rs` call them all. No function needs an empty
//! store: each mints tenants and ids of its own from its seed, so give every call on a shared store another seed.
//!
//! [`builders`] and [`World`] serve the tests of other crates, too.
#![allow(clippy::unwrap_used, reason = "a broken guarantee is told by a panic")]

pub mod builders;
pub mod claims;
pub mod commerce;
pub mod due;
pub mod events;
pub mod holds;
pub mod ledger;
pub mod orders;
mod outcome;
mod pages;
pub mod payments;
pub mod refunds;
mod tables;
mod world;

pub use tables::{CommerceTable, IdentityTable};
pub use world::World;
