//! What the use cases need of the world, as traits. The guarantee each method gives is its doc comment; `contract` turns
//! the guarantees into tests that every adapter passes. Tenant scope is the first argument of every read.

pub mod blobs;
pub mod cache;
pub mod clock;
pub mod closings;
pub mod commerce;
pub mod connections;
pub mod credentials;
pub mod error;
pub mod extraction;
pub mod fees;
pub mod identity;
pub mod journal;
pub mod limits;
pub mod mail;
pub mod platform;
pub mod provider;
pub mod queues;
pub mod realtime;
pub mod statement;
pub mod stream;
pub mod vault;
pub mod verification;
pub mod webhooks;

pub use error::{PortError, PortErrorKind};
