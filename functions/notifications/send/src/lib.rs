//! The notifications queue: people are told by mail what happened, and whoever a mail did not reach is sent no more.

use app::mail_refusals;
use app::notifications::{self, Notifying};
use app::work::WorkError;
use app::{Context, Origin};
use domain::event::Notice;
use domain::mail::Feedback;
use ports::clock::Mint;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub notifying: Notifying<'a>,
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Something that a mail tells of.
    Event(Notice),
    /// SES tells what came of a mail, where anything follows of it.
    Feedback(Option<Feedback>),
}

pub async fn step(deps: Deps<'_>, message: &Message) -> Result<(), WorkError> {
    match message {
        Message::Event(notice) => {
            let context = Context { mint: deps.mint, origin: Origin::of(notice) };
            notifications::notify(&context, deps.notifying, notice).await
        }
        Message::Feedback(feedback) => {
            let context = Context { mint: deps.mint, origin: Origin::default() };
            let Some(feedback) = feedback else { return Ok(()) };
            Ok(mail_refusals::heed(&context, deps.notifying.book, feedback).await?)
        }
    }
}
