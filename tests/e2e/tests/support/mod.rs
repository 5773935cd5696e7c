//! What the tests share: the stack and its parties, answers, builders of bodies, and the doors to what stands behind the API.

mod answer;
mod app;
mod aws;
mod bodies;
mod call;
mod dead_letters;
mod files;
mod jobs;
mod processes;
mod provider;
mod receiver;
mod redis;
mod shop;
mod sigv4;
mod socket;
mod stripe;
mod wait;

pub use answer::Answer;
pub use app::{TestApp, setting};
pub use aws::Aws;
pub use bodies::{metadata_of, new_key, order_of, password, payment_of, unique, unique_email, wallet_payment_of};
pub use call::{Call, Party, send_all};
pub use dead_letters::nobody_s;
pub use files::{download, file_of, upload};
pub use jobs::{report_of, schedule_of};
pub use processes::Processes;
pub use receiver::Receiver;
pub use redis::Redis;
pub use shop::{Shop, User, id, next_of};
pub use socket::{Socket, protocols_with};
pub use stripe::{WEBHOOK_SECRET, event_signature, stripe, stripe_account, until_it_counts};
pub use wait::{SOON, eventually};
