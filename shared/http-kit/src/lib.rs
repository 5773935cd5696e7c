//! HTTP as Coffer speaks it: requests, callers, `Idempotency-Key`, problem+json, pages, the pipeline before and after each
//! handler. Knows no AWS and no Lambda.

pub mod extraction;
pub mod fee;
pub mod fields;
mod idempotency;
pub mod job;
pub mod payment;
mod problem;
mod query;
mod request;
mod response;
mod route;
pub mod routes;
pub mod schedule;
pub mod serve;
pub mod socket;
pub mod statement;
pub mod unsubscribe;
pub mod values;
pub mod webhook;

pub use problem::{Code, Problem};
pub use query::Query;
pub use request::Request;
pub use response::Response;
pub use route::{Access, Body, Retirement, Route};
pub use serve::{Call, Gate};
