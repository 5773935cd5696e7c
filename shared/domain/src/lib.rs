//! Coffer's domain: values, entities, state machines and decisions. Pure and synchronous: it knows no clock, no random
//! source, no storage, no JSON. Time and ids come in as arguments; every refusal is a named value.

pub mod access;
pub mod backoff;
pub mod card_number;
pub mod closing;
pub mod connection;
pub mod dispute;
pub mod event;
pub mod fee;
pub mod feed;
pub mod field;
pub mod file;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod job;
pub mod journal;
pub mod ledger;
pub mod mail;
pub mod metadata;
pub mod money;
pub mod order;
pub mod page;
pub mod payment;
pub mod rate_limit;
pub mod receipt;
pub mod refund;
pub mod secret;
pub mod socket;
pub mod statement;
pub mod text;
pub mod time;
pub mod verification;
pub mod wallet;
pub mod webhook;
mod words;
