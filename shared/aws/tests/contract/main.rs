//! Every contract function against the real adapters: DynamoDB, SQS and KMS at `COFFER_AWS_ENDPOINT` (an emulator's or AWS's
//! own), Redis at `COFFER_REDIS_URL`. Each test has a table, queue or key of its own and removes it; the shared cache is kept
//! apart by tenants that only one run has.

mod blobs;
mod cache;
mod cache_away;
mod cache_fills;
mod commerce;
mod completeness;
mod cost;
mod identity;
mod kms;
mod ledger;
mod mail;
mod place;
mod platform;
mod proxy;
mod queues;
mod realtime;
mod sandbox;
