//! The receivers of webhooks: each URL answers in its manner, and what it was sent is kept. Whoever asks for nothing special
//! is well.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use domain::time::Timestamp;
use domain::webhook::{Outcome, ResponseText};
use ports::PortError;
use ports::clock::Clock as _;
use ports::webhooks::{Message, Sent, WebhookSender};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::lock::Lock;

/// How a receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Answers(u16),
    /// Fails so many times, then is well.
    FailsFirst(u32),
    Hangs,
    /// Is busy, and says for how long.
    AsksToWait(Duration),
}

/// A request as a receiver got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub message: Message,
    /// Whether it was answered with success.
    pub taken: bool,
}

#[derive(Debug)]
pub struct Receivers {
    faults: Faults,
    manners: Lock<BTreeMap<String, Manner>>,
    /// By their URL, in order.
    got: Lock<BTreeMap<String, Vec<Got>>>,
    timing: Lock<Option<Timing>>,
}

/// How long requests take, by a clock that somebody moves.
#[derive(Debug)]
struct Timing {
    clock: Clock,
    answers_after: Duration,
    hangs_for: Duration,
    /// When requests that are under way end, and who waits for that.
    ends: BTreeMap<Timestamp, Vec<Waker>>,
}

impl Receivers {
    pub fn new(faults: Faults) -> Self {
        Self { faults, manners: Lock::default(), got: Lock::default(), timing: Lock::default() }
    }

    pub fn set(&self, url: &str, manner: Manner) {
        self.manners.get().insert(url.to_owned(), manner);
    }

    /// From now on requests take their time: whoever moves the clock asks for `next_end`.
    pub fn take_time(&self, clock: &Clock, answers_after: Duration, hangs_for: Duration) {
        *self.timing.get() = Some(Timing { clock: clock.clone(), answers_after, hangs_for, ends: BTreeMap::new() });
    }

    /// When the next request that is under way ends. Those whose end has come go on.
    pub fn next_end(&self) -> Option<Timestamp> {
        let mut timing = self.timing.get();
        let timing = timing.as_mut()?;
        let now = timing.clock.now();
        while let Some(first) = timing.ends.first_entry().filter(|first| *first.key() <= now) {
            first.remove().into_iter().for_each(Waker::wake);
        }
        timing.ends.first_key_value().map(|(end, _)| *end)
    }

    /// Everybody is well from now on.
    pub fn heal(&self) {
        self.manners.get().clear();
    }

    /// What a URL was sent, in order.
    pub fn got(&self, url: &str) -> Vec<Got> {
        self.got.get().get(url).cloned().unwrap_or_default()
    }

    /// Every URL with each event that it was sent.
    pub fn all_got(&self) -> Vec<(String, String)> {
        let got = self.got.get();
        let all = got.iter().flat_map(|(url, got)| got.iter().map(move |got| (url.clone(), got.message.id.clone())));
        all.collect()
    }

    /// The events that a URL has taken, in order.
    pub fn taken(&self, url: &str) -> Vec<String> {
        self.got(url).into_iter().filter(|got| got.taken).map(|got| got.message.id).collect()
    }

    /// How each request was answered, by the moment.
    pub fn at(&self, url: &str) -> Vec<Timestamp> {
        self.got(url).into_iter().map(|got| got.message.at).collect()
    }

    async fn wait(&self, message: &Message) {
        let until = self.timing.get().as_mut().map(|timing| {
            let hangs = self.manners.get().get(message.url.as_str()) == Some(&Manner::Hangs);
            let end = timing.clock.now().plus(if hangs { timing.hangs_for } else { timing.answers_after });
            (timing.clock.clone(), end)
        });
        let Some((clock, end)) = until else { return };
        poll_fn(|context| {
            if clock.now() >= end {
                return Poll::Ready(());
            }
            if let Some(timing) = self.timing.get().as_mut() {
                timing.ends.entry(end).or_default().push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    fn answer(&self, message: &Message) -> Sent {
        let url = message.url.as_str();
        let mut manners = self.manners.get();
        let (outcome, retry_after) = match manners.get_mut(url) {
            None | Some(Manner::FailsFirst(0)) => (Outcome::Answered(200), None),
            Some(Manner::Answers(status)) => (Outcome::Answered(*status), None),
            Some(Manner::FailsFirst(times)) => {
                *times -= 1;
                (Outcome::Answered(500), None)
            }
            Some(Manner::Hangs) => (Outcome::TimedOut, None),
            Some(Manner::AsksToWait(wait)) => (Outcome::Answered(503), Some(*wait)),
        };
        let taken = outcome.is_success();
        self.got.get().entry(url.to_owned()).or_default().push(Got { message: message.clone(), taken });
        Sent { outcome, response: ResponseText::cut(b"simulated"), retry_after }
    }
}

#[async_trait]
impl WebhookSender for Receivers {
    /// A fault before the request is a receiver that cannot be reached, one after it an answer that is lost.
    async fn send(&self, message: &Message) -> Sent {
        self.wait(message).await;
        let lost =
            |_: PortError| Sent { outcome: Outcome::TimedOut, response: ResponseText::default(), retry_after: None };
        self.faults.call("webhooks.send", || Ok(self.answer(message))).await.unwrap_or_else(lost)
    }
}
