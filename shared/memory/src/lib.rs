//! In-memory adapters of every port, for tests and simulation: one process, nothing durable, nothing fast. They keep the
//! same guarantees as the AWS adapters (`contract` holds both to them) and fail as [`Faults`] says.

mod blobs;
mod cache;
mod clock;
mod faults;
mod key;
mod lock;
mod mailer;
mod model;
mod opt_out_key;
mod passwords;
mod provider;
mod queues;
mod random;
mod receivers;
mod sockets;
mod store;
mod vault;

pub use blobs::{BlobAnswer, Blobs, checksum};
pub use cache::Cache;
pub use clock::Clock;
pub use faults::{Fault, Faults};
pub use key::Key;
pub use mailer::Mailer;
pub use model::Model;
pub use opt_out_key::OptOutKey;
pub use passwords::Passwords;
pub use provider::{ChargeOnFile, Provider, RefundOnFile};
pub use queues::{DeadLetter, Delivery, Queues};
pub use random::Random;
pub use receivers::{Got, Manner, Receivers};
pub use sockets::Sockets;
pub use store::{Contents, Store, Tampering};
pub use vault::Vault;
