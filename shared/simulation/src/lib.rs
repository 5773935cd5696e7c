//! The whole of Coffer in one process: the real functions over the in-memory adapters, with a clock that moves when it is
//! told to, chance from a seed and faults by plan. `World` and its steps serve scenarios; `seeded` lets a seed choose the
//! steps and looks at `invariants` after each of them.

mod answer;
mod api;
mod api_webhooks;
mod ask;
mod connector;
mod dead_letters;
mod due_as;
mod examples;
mod files;
mod furniture;
mod instance;
pub mod invariants;
mod jobs;
mod late;
mod people;
mod quiet;
mod refusals;
mod sandbox;
pub mod seeded;
mod sent;
mod sockets;
mod stream;
mod summary;
mod tasks;
mod worker;
mod world;

pub use answer::Answer;
pub use api::SIGN_UPS_PER_ADDRESS;
pub use ask::Ask;
pub use due_as::DueAs;
pub use examples::good_request;
pub use furniture::{Furniture, stripe_body};
pub use instance::InstanceClock;
pub use late::{Late, LateCall};
pub use people::{LoggedIn, PASSWORD, Shop, caller};
pub use refusals::Refusals;
pub use sandbox::TOKENS;
pub use sent::Sent;
pub use stream::{Consumer, Record, Stream};
pub use summary::summary;
pub use tasks::{Tasks, run, together};
pub use worker::{BATCH_MAX, Fate, VISIBILITY};
pub use world::{Setup, Wiring, World};
