//! Takes what comes to the dead-letter queues into the table, by tenant. Asked by an operator, as `cargo xtask dlq` does, it
//! tells of the letters of all tenants and sends them back: `{"dead_letters":"list"}`, `{"dead_letters":"redrive"}`, with a
//! `queue`, with the `id` of one. Each answer is of one page; asked `from` its `next`, it goes on behind it.

use app::dead_letters::{self, Sought, Stores};
use app::work::WorkError;
use app::{Context, Origin};
use domain::dead_letter::{Burial, DeadLetter, Death};
use domain::event::Queue;
use domain::page::{Limit, Page, PageRequest};
use domain::time::Timestamp;
use ports::clock::Mint;
use ports::{PortError, PortErrorKind};
use serde_json::{Value, json};

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
    let Question { verb, sought, after } = Question::read(question, context.now()).ok_or_else(not_asked_right)?;
    let page = PageRequest { limit: Limit::LARGEST, after };
    let Page { items, next } = dead_letters::waiting(deps.stores.letters, sought, page).await?;
    let next = next.map(|death| shown_place(sought.died_until, death));
    match verb {
        Verb::List => Ok(json!({ "letters": items.iter().map(shown).collect::<Vec<_>>(), "next": next })),
        Verb::Redrive => {
            let (mut sent, mut failed) = (Vec::new(), Vec::new());
            for (letter, result) in dead_letters::send_back(&context, deps.stores, items).await {
                match result {
                    Ok(true) => sent.push(shown(&letter)),
                    Ok(false) => {}
                    Err(error) => failed.push(format!("{}: {error}", letter.id)),
                }
            }
            Ok(json!({ "redriven": sent, "failed": failed, "next": next }))
        }
    }
}

enum Verb {
    List,
    Redrive,
}

struct Question {
    verb: Verb,
    sought: Sought,
    after: Option<Death>,
}

impl Question {
    /// None when it is no question of ours.
    fn read(question: &Value, now: Timestamp) -> Option<Self> {
        let verb = match question["dead_letters"].as_str()? {
            "list" => Verb::List,
            "redrive" => Verb::Redrive,
            _ => return None,
        };
        let queue = match &question["queue"] {
            Value::Null => None,
            name => Some(Queue::parse(name.as_str()?)?),
        };
        let id = match &question["id"] {
            Value::Null => None,
            id => Some(id.as_str()?.parse().ok()?),
        };
        let (died_until, after) = match &question["from"] {
            Value::Null => (now, None),
            place => {
                let (until, death) = read_place(place)?;
                (until, Some(death))
            }
        };
        Some(Self { verb, sought: Sought { queue, id, died_until }, after })
    }
}

/// Where the next page begins; whoever asked hands it back as it is.
fn shown_place(until: Timestamp, Death { at, id }: Death) -> Value {
    json!({ "until_ms": until.as_ms(), "died_at_ms": at.as_ms(), "id": id.to_string() })
}

fn read_place(place: &Value) -> Option<(Timestamp, Death)> {
    let moment = |name: &str| place[name].as_i64().map(Timestamp::from_ms);
    let death = Death { at: moment("died_at_ms")?, id: place["id"].as_str()?.parse().ok()? };
    Some((moment("until_ms")?, death))
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
