//! `cargo xtask dlq`: what the workers of all tenants could not do, and the way back. It asks the stack's `dead-letters-keep`,
//! which has the letters in the table: the same that tenants see by `GET /v1/dead_letters`.

use crate::account::Account;
use crate::{interrupt, invoke::invoke, place::Place};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::Path;

/// More are not read by people.
const SHOWN_MAX: usize = 1_000;

#[derive(clap::Subcommand)]
pub enum Dlq {
    /// Show the dead letters: what each was about and why it died
    List {
        /// Only of this queue, e.g. `payments`; of all when not given
        queue: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Send dead letters back to the queue they came from
    Redrive {
        /// Which queue's, e.g. `payments`
        queue: String,
        /// Only the letter with this id, `dlt_...`; all when not given
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

pub fn run(root: &Path, task: &Dlq) -> Result<()> {
    match task {
        Dlq::List { queue, place } => {
            let (account, keeper) = keeper(root, place)?;
            let mut question = json!({ "dead_letters": "list" });
            if let Some(queue) = queue {
                question["queue"] = json!(queue);
            }
            let ask = |question: &Value| invoke(&account, &keeper, question);
            let (letters, is_more) = list(question, &ask)?;
            print!("{}", listed(&letters, is_more, jiff::Timestamp::now()));
            Ok(())
        }
        Dlq::Redrive { queue, id, place } => {
            let (account, keeper) = keeper(root, place)?;
            let ask = |question: &Value| invoke(&account, &keeper, question);
            let redriven = redrive(queue, id.as_deref(), &ask)?;
            println!("{queue}: {} sent back", counted(redriven));
            Ok(())
        }
    }
}

fn keeper(root: &Path, place: &Place) -> Result<(Account, String)> {
    let (account, stack) = place.stack(root)?;
    Ok((account, format!("{stack}-dead-letters-keep")))
}

/// Those that wait, page by page; whether there are more than are shown.
fn list(mut question: Value, ask: &dyn Fn(&Value) -> Result<Value>) -> Result<(Vec<Value>, bool)> {
    let mut letters = Vec::new();
    loop {
        interrupt::check()?;
        let mut answer = ask(&question)?;
        letters.extend(answer["letters"].as_array().context("the answer has no letters")?.iter().cloned());
        question["from"] = answer["next"].take();
        let is_more = !question["from"].is_null();
        if !is_more || letters.len() >= SHOWN_MAX {
            return Ok((letters, is_more));
        }
    }
}

/// Page by page, until there are no more. How many were sent back.
fn redrive(queue: &str, id: Option<&str>, ask: &dyn Fn(&Value) -> Result<Value>) -> Result<usize> {
    let mut question = json!({ "dead_letters": "redrive", "queue": queue });
    if let Some(id) = id {
        question["id"] = json!(id);
    }
    let mut redriven = 0;
    loop {
        interrupt::check()?;
        let mut answer = ask(&question)?;
        let letters = answer["redriven"].as_array().context("the answer has no letters")?;
        for letter in letters {
            println!("{} is back in {queue} ({})", text(&letter["id"]), subject(letter));
        }
        redriven += letters.len();
        let failed: Vec<&str> = answer["failed"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        ensure!(failed.is_empty(), "stopped after {}: {}", counted(redriven), failed.join("; "));
        question["from"] = answer["next"].take();
        if question["from"].is_null() {
            break;
        }
    }
    if let Some(id) = id {
        ensure!(redriven > 0, "{queue} has no dead letter {id} that waits");
    }
    Ok(redriven)
}

fn listed(letters: &[Value], is_more: bool, now: jiff::Timestamp) -> String {
    let mut out = format!("{}\n", counted(letters.len()));
    for letter in letters {
        let reason =
            letter["reason"].as_str().unwrap_or("none told: no worker lived to tell, it was received too often");
        let died_at = text(&letter["died_at"]).parse::<jiff::Timestamp>();
        let ms = died_at.map_or(0, |at| now.as_millisecond().saturating_sub(at.as_millisecond()));
        out.push_str(&format!(
            "\n{}  {}, {} ago, received {} x, died {} x\n  {}\n  reason: {}\n",
            text(&letter["id"]),
            text(&letter["queue"]),
            age(ms),
            letter["receive_count"],
            letter["deaths"],
            subject(letter),
            printable(reason)
        ));
    }
    if is_more {
        out.push_str("\nThere are more.\n");
    }
    out
}

/// What it was about, in a few words. What is no message of ours is not shown: nobody knows what is in it.
fn subject(letter: &Value) -> String {
    match (letter["type"].as_str(), letter["subject"].as_str()) {
        (Some(kind), Some(subject)) => printable(&format!("{kind} {subject} of {}", text(&letter["tenant"]))),
        (None, _) | (_, None) => format!("{} bytes that are no message of ours", letter["bytes"]),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn age(ms: i64) -> String {
    match ms.max(0) / 1_000 {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Nothing that a terminal would act upon.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn counted(letters: usize) -> String {
    match letters {
        0 => "no dead letters".to_owned(),
        1 => "1 dead letter".to_owned(),
        n => format!("{n} dead letters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_shown_with_its_reason() {
        let letter = json!({
            "id": "dlt_1", "queue": "payments", "type": "payment.created", "subject": "pay_1", "tenant": "ten_1",
            "reason": "cannot be done: \u{1b}[31mno", "receive_count": 2, "deaths": 1, "died_at": "1970-01-01T00:00:01Z",
        });
        let strange = json!({ "id": "dlt_2", "queue": "files", "bytes": 7, "receive_count": 10, "deaths": 3 });
        let now = jiff::Timestamp::from_millisecond(301_000).expect("a time");
        assert_eq!(
            listed(&[letter, strange], true, now),
            "2 dead letters\n\
             \ndlt_1  payments, 5 min ago, received 2 x, died 1 x\n  payment.created pay_1 of ten_1\n  reason: cannot be done: \u{fffd}[31mno\n\
             \ndlt_2  files, 0 s ago, received 10 x, died 3 x\n  7 bytes that are no message of ours\n  \
             reason: none told: no worker lived to tell, it was received too often\n\
             \nThere are more.\n"
        );
    }

    /// Four pages; of the second none was sought.
    fn pages(field: &str) -> impl Fn(&Value) -> Result<Value> {
        move |question| {
            let page = question["from"]["page"].as_u64().unwrap_or(0);
            let letters = if page == 1 { json!([]) } else { json!([{ "id": format!("dlt_{page}") }]) };
            Ok(json!({ field: letters, "failed": [], "next": (page < 3).then(|| json!({ "page": page + 1 })) }))
        }
    }

    #[test]
    fn all_are_listed_on_whatever_page() {
        let (letters, is_more) = list(json!({ "dead_letters": "list" }), &pages("letters")).expect("listed");
        assert_eq!((letters.len(), is_more), (3, false));
        let many = vec![json!({ "id": "dlt_1" }); SHOWN_MAX];
        let endless = |_: &Value| Ok(json!({ "letters": many, "next": {} }));
        let (letters, is_more) = list(json!({}), &endless).expect("listed");
        assert_eq!((letters.len(), is_more), (SHOWN_MAX, true));
    }

    #[test]
    fn all_are_sent_back_and_what_fails_is_told() {
        assert_eq!(redrive("payments", None, &pages("redriven")).expect("sent back"), 3);
        let fails = |_: &Value| Ok(json!({ "redriven": [], "failed": ["dlt_1: no"], "next": {} }));
        assert!(redrive("payments", None, &fails).expect_err("it failed").to_string().contains("dlt_1: no"));
        let finds_none = |_: &Value| Ok(json!({ "redriven": [], "failed": [], "next": null }));
        redrive("payments", Some("dlt_1"), &finds_none).expect_err("there is none");
        assert_eq!(redrive("payments", None, &finds_none).expect("none"), 0);
    }

    #[test]
    fn ages_are_read_at_a_glance() {
        assert_eq!([-5, 59_000, 61_000, 7_200_000, 172_800_000].map(age), ["0 s", "59 s", "1 min", "2 h", "2 days"]);
    }
}
