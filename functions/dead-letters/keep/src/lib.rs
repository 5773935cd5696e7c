//! Takes what comes to the dead-letter queues into the table, by tenant. Asked by an operator, as `cargo xtask dlq` does, it
//! tells of the letters of all tenants and sends them back: `{"dead_letters":"list"}`, `{"dead_letters":"redrive"}`, with a
//! `queue`, and with the `id` of one.

use app::dead_letters::{self, Stores};
use app::work::WorkError;
use app::{Context, Origin};
use domain::dead_letter::{Burial, DeadLetter};
use domain::event::Queue;
use ports::clock::Mint;
use ports::{PortError, PortErrorKind};
use serde_json::{Value, json};

/// All that one question is about.
const LETTERS_MAX: usize = 1_000;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

impl<'a> Deps<'a> {
    fn context(&self) -> Context<'a> {
        Context { mint: self.mint, origin: Origin::default() }
    }
}

pub async fn keep(deps: Deps<'_>, burial: &Burial) -> Result<(), WorkError> {
    dead_letters::keep(&deps.context(), deps.stores.platform, deps.stores.letters, burial).await
}

pub async fn answer(deps: Deps<'_>, question: &Value) -> Result<Value, PortError> {
    let context = deps.context();
    let queue = match question["queue"].as_str() {
        Some(name) => Some(Queue::parse(name).ok_or_else(not_asked_right)?),
        None => None,
    };
    let (found, more) = dead_letters::waiting(&context, deps.stores.letters, queue, LETTERS_MAX).await?;
    let id = question["id"].as_str();
    let found = found.into_iter().filter(|letter| id.is_none_or(|id| letter.id.to_string() == id));
    match question["dead_letters"].as_str() {
        Some("list") => Ok(json!({ "letters": found.map(|letter| shown(&letter)).collect::<Vec<_>>(), "more": more })),
        Some("redrive") => {
            let (mut sent, mut failed) = (Vec::new(), Vec::new());
            for letter in found {
                match dead_letters::send_back(&context, deps.stores, &letter).await {
                    Ok(true) => sent.push(shown(&letter)),
                    Ok(false) => {}
                    Err(error) => failed.push(format!("{}: {error}", letter.id)),
                }
            }
            Ok(json!({ "redriven": sent, "failed": failed, "more": more }))
        }
        Some(_) | None => Err(not_asked_right()),
    }
}

/// As its tenant sees it, and whose it is.
fn shown(letter: &DeadLetter) -> Value {
    let mut shown: Value = serde_json::from_str(&api::dead_letter(letter)).unwrap_or_default();
    shown["tenant"] = json!(letter.tenant.to_string());
    shown["bytes"] = json!(letter.body.len());
    shown
}

fn not_asked_right() -> PortError {
    PortError::new(PortErrorKind::Rejected, "read what is asked for")
}
