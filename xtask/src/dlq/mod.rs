//! `cargo xtask dlq`: what the workers could not do, and the way back. Redriving is receive, send, delete, as the emulator has
//! no StartMessageMoveTask; a message is deleted only once the queue it came from has it again, so that at worst it is in
//! both. Workers take that: each message may come twice.

mod queue;

use crate::account::Account;
use crate::aws;
use crate::{interrupt, place::Place};
use anyhow::{Context, Result, ensure};
use queue::{Letter, Queue};
use std::path::Path;
use std::time::Duration;

/// Long enough to read all pages; letters that stay are given back before it is over.
const LISTING: Duration = Duration::from_secs(30);
const REDRIVING: Duration = Duration::from_secs(300);

#[derive(clap::Subcommand)]
pub enum Dlq {
    /// Show the dead letters: what each was about and why it died
    ///
    /// SQS counts a look as a receipt, and hides what it shows until the look is over.
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
        /// Only the letter with this id; all when not given
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

pub fn run(root: &Path, task: &Dlq) -> Result<()> {
    match task {
        Dlq::List { queue, place } => {
            let (account, queues) = queues_of(root, place)?;
            let queues = match queue {
                Some(name) => vec![find(queues, name)?],
                None => queues,
            };
            queues.iter().try_for_each(|queue| list(&account, queue))
        }
        Dlq::Redrive { queue, id, place } => {
            let (account, queues) = queues_of(root, place)?;
            redrive(&account, &find(queues, queue)?, id.as_deref())
        }
    }
}

fn queues_of(root: &Path, place: &Place) -> Result<(Account, Vec<Queue>)> {
    let (account, stack) = place.stack(root)?;
    let described = aws::describe_stack_of(&account, &stack)?.with_context(|| format!("there is no stack {stack}"))?;
    let queues = queue::of_stack(&described)?;
    Ok((account, queues))
}

fn find(queues: Vec<Queue>, name: &str) -> Result<Queue> {
    let names: Vec<String> = queues.iter().map(|queue| queue.name.clone()).collect();
    let found = queues.into_iter().find(|queue| queue.name == name);
    found.with_context(|| format!("there is no queue `{name}`; there are {}", names.join(", ")))
}

fn list(account: &Account, queue: &Queue) -> Result<()> {
    let letters = queue.receive(account, LISTING, |_| false)?;
    queue.release(account, &letters)?;
    println!("{}: {}", queue.name, counted(letters.len()));
    for letter in &letters {
        println!("\n{}", letter.shown(jiff::Timestamp::now()));
    }
    if !letters.is_empty() {
        println!();
    }
    Ok(())
}

/// All are received before the first is sent: one that dies again at once is not picked up twice.
fn redrive(account: &Account, queue: &Queue, id: Option<&str>) -> Result<()> {
    let is_wanted = |letter: &Letter| id.is_none_or(|id| letter.id == id);
    let letters = queue.receive(account, REDRIVING, |letter| id.is_some() && is_wanted(letter))?;
    let is_full = id.is_none() && letters.len() >= queue::LETTERS_MAX;
    let (wanted, others): (Vec<Letter>, Vec<Letter>) = letters.into_iter().partition(is_wanted);
    queue.release(account, &others)?;
    if let Some(id) = id {
        ensure!(!wanted.is_empty(), "{} has no dead letter {id}, or another reader has it just now", queue.name);
    }
    for (done, letter) in wanted.iter().enumerate() {
        if let Err(error) = interrupt::check().and_then(|()| send_back(account, queue, letter)) {
            let left = &wanted[done..];
            // The fault that stopped us matters more; what is not given back shows again by itself.
            let _ = queue.release(account, left);
            return Err(error.context(format!("stopped after {}, with {} to go", counted(done), counted(left.len()))));
        }
    }
    println!("{}: {} sent back", queue.name, counted(wanted.len()));
    if is_full {
        println!("There may be more: run it again.");
    }
    Ok(())
}

fn send_back(account: &Account, queue: &Queue, letter: &Letter) -> Result<()> {
    let new_id = queue.send_back(account, letter).with_context(|| format!("{} was not sent", letter.id))?;
    queue
        .delete(account, letter)
        .with_context(|| format!("{} was sent back as {new_id} but is not deleted: it is in both queues", letter.id))?;
    println!("{} is back in {} as {new_id} ({})", letter.id, queue.name, letter.subject());
    Ok(())
}

fn counted(letters: usize) -> String {
    match letters {
        0 => "no dead letters".to_owned(),
        1 => "1 dead letter".to_owned(),
        n => format!("{n} dead letters"),
    }
}
