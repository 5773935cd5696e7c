//! The end-to-end tests: through HTTP, against the stack as it is deployed. Files mirror the URL; what concerns every route
//! is under `every_route`, what goes wrong on bad days under `bad_days`. `cargo xtask test --only e2e` runs them; each signs
//! up its own tenant, so they run side by side and again and again on the same stack.

mod support;

mod hot_merchant;
mod idempotency;
mod ledger;
mod logs;
mod samples;
mod spine;
mod tokens;

mod accounts {
    mod entries;
    mod get;
    mod list;
}
mod bad_days {
    mod messages;
    mod redis;
    mod streams;
    mod workers;
}
mod dead_letters {
    mod redrive;
}
mod disputes {
    mod answer;
    mod get;
    mod list;
}
mod events {
    mod get;
    mod list;
}
mod every_route {
    mod access;
    mod hygiene;
    mod limits;
    mod pages;
}
mod extractions {
    mod create;
}
mod files {
    mod create;
    mod list;
}
mod health {
    mod live;
    mod ready;
}
mod jobs {
    mod line;
    mod list;
}
mod notifications {
    mod send;
}
mod orders {
    mod cancel;
    mod create;
    mod files;
    mod fulfil;
    mod get;
    mod list;
}
mod payments {
    mod bulk;
    mod cancel;
    mod capture;
    mod create;
    mod get;
    mod list;
    mod receipt;
    mod settle;
}
mod providers {
    mod connect;
    mod disconnect;
    mod get;
    mod ingest;
    mod list;
}
mod realtime {
    mod sockets;
}
mod refunds {
    mod create;
    mod list;
}
mod reports {
    mod create;
}
mod schedules {
    mod create;
}
mod sessions {
    mod create;
    mod delete;
    mod refresh;
}
mod settings {
    mod fees;
    mod mail;
}
mod statements {
    mod create;
}
mod tenants {
    mod create;
    mod get;
}
mod unsubscribe {
    mod create;
}
mod users {
    mod create;
    mod delete;
    mod get;
    mod list;
    mod update;
}
mod wallets {
    mod create;
    mod get;
    mod list;
    mod spend;
}
mod webhook_endpoints {
    mod create;
    mod deliveries;
    mod replay;
    mod rotate_secret;
    mod update;
}
mod well_known {
    mod jwks;
    mod metadata;
}
