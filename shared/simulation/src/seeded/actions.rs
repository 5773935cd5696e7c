//! The steps a scheduler chooses from, and how each is done. A step that finds nothing to do does nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::backoff::RECEIVES_MAX;
use domain::event::{EventType, Queue};
use ports::clock::Clock as _;
use serde_json::{Value, json};

use super::run::{Doing, Ended, Run};
use crate::invariants::{Holds, ensure};
use crate::stream::Consumer;
use crate::worker::BATCH_MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// A client asks for something new.
    Send,
    /// Several clients ask for the same at once.
    Crowd,
    /// A client sends again what it has sent before.
    Resend,
    /// A client uses a key for something else.
    Misuse,
    Read,
    Deliver(Consumer),
    /// The stream gives up on what outbox-publish and ledger-journal have not taken.
    LoseStream,
    Work(Queue),
    /// Workers die of whatever they receive, until all of it is among the dead letters.
    WearOut(Queue),
    /// A message is received again while it is worked on.
    ShowAgain(Queue),
    Sweep,
    /// What is due of webhooks is put into the queue.
    Wake,
    /// Who listens on a socket connects, or says what it wants to hear.
    Listen,
    HangUp,
    /// A receiver of webhooks fails, or is slow.
    FallIll,
    /// The job runs, or somebody has a tenant's ledger verified, while money is posted.
    Verify,
    /// An instance dies in the middle of what it does.
    Kill,
    /// A call that nobody waits for any more arrives.
    Arrive,
    /// A user logs in and out again.
    LogOut,
    Seconds,
    Minutes,
    /// Long enough for customers to let their time pass.
    Day,
    /// Long enough for authorisations to run out.
    Week,
    CacheAway,
    CacheBack,
    CacheFlush,
    Authenticate,
    /// A bank decides a dispute.
    Decide,
    /// The provider tells of a charge of its own accord.
    Hear,
    AnswerDispute,
    CaptureOrCancel,
    /// A tenant connects or disconnects a provider.
    Connect,
    /// A provider cannot be reached, or can again.
    LoseOrFind,
    /// Stripe takes no key, or takes them again.
    RevokeOrRenew,
    /// A client announces, uploads or deletes a file.
    File,
    /// A client attaches a file to an order, or detaches it.
    Attach,
    /// The bucket tells of uploads.
    Ingest,
    PlatformSweep,
    /// A client asks for a report, or wants it no longer.
    Job,
    /// The table's time-to-live deletes what has expired.
    Expire,
    /// Nothing is under way for a moment, and somebody looks at everything through the API.
    Calm,
}

impl Action {
    /// From this weight on a run does not go without.
    pub(super) const NEEDED: u32 = 20;

    /// With how likely each is by nature.
    pub(super) const ALL: [(Self, u32); 69] = [
        (Self::Send, 70),
        (Self::Crowd, 4),
        (Self::Resend, 15),
        (Self::Misuse, 2),
        (Self::Read, 10),
        (Self::Deliver(Consumer::OutboxPublish), 45),
        (Self::Deliver(Consumer::CacheRefresh), 15),
        (Self::Deliver(Consumer::LedgerJournal), 15),
        (Self::LoseStream, 1),
        (Self::Work(Queue::Payments), 45),
        (Self::Work(Queue::Refunds), 35),
        (Self::Work(Queue::Providers), 20),
        (Self::Work(Queue::Statements), 10),
        (Self::Work(Queue::Notifications), 20),
        (Self::Work(Queue::Receipts), 20),
        (Self::Work(Queue::Files), 10),
        (Self::WearOut(Queue::Files), 1),
        (Self::ShowAgain(Queue::Files), 2),
        (Self::File, 12),
        (Self::Attach, 8),
        (Self::Ingest, 10),
        (Self::PlatformSweep, 4),
        (Self::Job, 14),
        (Self::Work(Queue::Jobs), 30),
        (Self::WearOut(Queue::Jobs), 1),
        (Self::ShowAgain(Queue::Jobs), 16),
        (Self::WearOut(Queue::Payments), 1),
        (Self::WearOut(Queue::Refunds), 1),
        (Self::WearOut(Queue::Providers), 1),
        (Self::WearOut(Queue::Statements), 1),
        (Self::WearOut(Queue::Notifications), 1),
        (Self::WearOut(Queue::Receipts), 1),
        (Self::ShowAgain(Queue::Payments), 3),
        (Self::ShowAgain(Queue::Refunds), 2),
        (Self::ShowAgain(Queue::Providers), 2),
        (Self::Work(Queue::Webhooks), 20),
        (Self::ShowAgain(Queue::Webhooks), 2),
        (Self::Work(Queue::Realtime), 30),
        (Self::ShowAgain(Queue::Realtime), 4),
        (Self::WearOut(Queue::Realtime), 1),
        (Self::Listen, 16),
        (Self::HangUp, 4),
        (Self::Wake, 4),
        (Self::FallIll, 3),
        (Self::ShowAgain(Queue::Statements), 2),
        (Self::ShowAgain(Queue::Notifications), 2),
        (Self::ShowAgain(Queue::Receipts), 2),
        (Self::Sweep, 8),
        (Self::Verify, 2),
        (Self::Kill, 5),
        (Self::Arrive, 10),
        (Self::LogOut, 2),
        (Self::Seconds, 12),
        (Self::Minutes, 4),
        (Self::Day, 1),
        (Self::CacheAway, 1),
        (Self::CacheBack, 3),
        (Self::CacheFlush, 1),
        (Self::Authenticate, 3),
        (Self::Decide, 2),
        (Self::Hear, 8),
        (Self::AnswerDispute, 4),
        (Self::CaptureOrCancel, 10),
        (Self::Connect, 2),
        (Self::LoseOrFind, 6),
        (Self::RevokeOrRenew, 3),
        (Self::Week, 1),
        (Self::Expire, 1),
        (Self::Calm, 2),
    ];
}

impl Run {
    pub(super) fn act(&mut self, action: Action) -> Holds {
        match action {
            Action::Send => self.send_new(),
            Action::Crowd => self.send_a_crowd(),
            Action::Resend => self.send_again(),
            Action::Misuse => self.misuse_a_key(),
            Action::Read => self.read(),
            Action::Deliver(consumer) => self.deliver(consumer),
            Action::LoseStream => {
                let lost = [Consumer::OutboxPublish, Consumer::LedgerJournal].map(|it| self.world.take(it).len());
                let lost: usize = lost.iter().sum();
                self.tell(|| format!("the stream gives up {lost} records"));
            }
            Action::Work(queue) => return self.work(queue),
            Action::WearOut(queue) => self.wear_out(queue),
            Action::ShowAgain(queue) => self.show_again(queue),
            Action::Sweep => {
                let world = self.world.clone();
                self.start(Doing::Sweep, async move {
                    drop(world.sweep_step().await);
                    Ended::Quietly
                });
            }
            Action::Wake => self.wake(),
            Action::Listen => self.listen(),
            Action::HangUp => self.hang_up(),
            Action::FallIll => self.fall_ill(),
            Action::Verify => self.verify(),
            Action::Kill => self.kill_one(),
            Action::Arrive => self.let_one_arrive(),
            Action::LogOut => self.log_out(),
            Action::Seconds => self.pass_some(Duration::from_millis(1)..Duration::from_secs(40)),
            Action::Minutes => self.pass_some(Duration::from_secs(60)..Duration::from_secs(1_200)),
            Action::Day => self.pass_some(Duration::from_secs(20 * 3_600)..Duration::from_secs(30 * 3_600)),
            Action::CacheAway => self.set_cache_away(true),
            Action::CacheBack => self.set_cache_away(false),
            Action::CacheFlush => {
                self.world.cache.flush();
                self.flushed_at = Some(self.world.clock.now());
                self.tell(|| "the cache loses everything".to_owned());
            }
            Action::Authenticate => self.authenticate(),
            Action::Decide => self.decide_a_dispute(),
            Action::Hear => self.hear_from_provider(),
            Action::AnswerDispute => self.answer_a_dispute(),
            Action::CaptureOrCancel => self.capture_or_cancel(),
            Action::Connect => self.connect(),
            Action::LoseOrFind => self.lose_or_find_a_provider(),
            Action::RevokeOrRenew => self.revoke_or_renew_keys(),
            Action::File => self.do_something_with_a_file(),
            Action::Attach => self.attach_or_detach(),
            Action::Ingest => self.ingest(),
            Action::Job => self.do_something_with_a_job(),
            Action::PlatformSweep => {
                let world = self.world.clone();
                self.start(Doing::Sweep, async move {
                    drop(world.platform_sweep_step().await);
                    Ended::Quietly
                });
            }
            Action::Week => self.pass_some(Duration::from_secs(6 * 86_400)..Duration::from_secs(8 * 86_400)),
            Action::Calm => return self.calm_down(),
            Action::Expire => self.world.store.delete_expired(self.world.clock.now()),
        }
        Ok(())
    }

    /// Some of what waits, in any order; some of it will come again.
    fn deliver(&mut self, consumer: Consumer) {
        let mut waiting = self.world.take(consumer);
        if self.random.bool() {
            self.random.shuffle(&mut waiting);
        }
        let count = if waiting.is_empty() { 0 } else { self.random.usize(1..=waiting.len()) };
        let rest = waiting.split_off(count);
        let mut stream = self.world.stream.borrow_mut();
        stream.of(consumer).extend(rest);
        if self.random.u8(..8) == 0 {
            stream.of(consumer).extend(waiting.iter().cloned());
        }
        drop(stream);
        if !waiting.is_empty() {
            let (world, batch) = (self.world.clone(), waiting.clone());
            self.start(Doing::Stream(consumer, batch), async move {
                Ended::Streamed(world.consume(consumer, &waiting).await.is_ok())
            });
        }
    }

    fn work(&mut self, queue: Queue) -> Holds {
        let batch = self.world.receive(queue, self.random.usize(1..=BATCH_MAX));
        if batch.is_empty() {
            return Ok(());
        }
        let is_of_log = |kind| !matches!(kind, EventType::RealtimeSocketDue | EventType::RealtimeSocketWanting);
        let mut of_log = batch.iter().filter(|delivery| is_of_log(delivery.notice.kind));
        let unheard_of = of_log.find(|delivery| !self.books.committed_events.contains(&delivery.notice.event));
        ensure(unheard_of.is_none(), || format!("sent to {queue:?} and never committed: {unheard_of:?}"))?;
        self.hidden.extend(batch.iter().map(|delivery| (queue, delivery.message.clone())));
        let world = self.world.clone();
        let notices = batch.iter().map(|delivery| delivery.notice.clone()).collect();
        self.start(Doing::Work(queue, notices), async move { Ended::Worked(world.work_on(queue, &batch).await) });
        Ok(())
    }

    fn verify(&mut self) {
        let tenants: BTreeSet<_> = self.clients.callers.iter().map(|caller| caller.tenant).collect();
        let Some(tenant) = self.random.choice(tenants) else { return };
        let by_hand = json!({ "ledger": "verify", "tenant": tenant.to_string() });
        let event = if self.random.bool() { Value::Null } else { by_hand };
        let world = self.world.clone();
        self.start(Doing::Verify, async move {
            let Ok(ledger_verify::Ended { verified, answer }) = world.verify_step(&event).await else {
                return Ended::Quietly;
            };
            let is_sound = verified.faults == 0 && answer["fault_count"].as_u64().unwrap_or(0) == 0;
            Ended::Verified { is_sound, told: answer["faults"].to_string() }
        });
    }

    /// The sweeper is what is left then.
    fn wear_out(&mut self, queue: Queue) {
        for _ in 0..=RECEIVES_MAX {
            drop(self.world.queues.receive(queue, usize::MAX, Duration::ZERO));
        }
        let letters = self.world.queues.dead_letters(queue).len();
        self.tell(|| format!("workers die of all that {queue:?} has; {letters} dead letters there are now"));
    }

    fn show_again(&mut self, queue: Queue) {
        let of_queue: Vec<usize> =
            self.hidden.iter().enumerate().filter(|(_, (of, _))| *of == queue).map(|(index, _)| index).collect();
        if let Some(index) = self.random.choice(&of_queue) {
            let (_, message) = self.hidden.swap_remove(*index);
            self.world.queues.change_visibility(&message, Duration::ZERO);
            self.tell(|| format!("{} of {queue:?} can be seen again", message.id));
        }
    }

    fn set_cache_away(&mut self, is_away: bool) {
        self.world.cache.set_away(is_away);
        self.tell(|| format!("the cache is {}", if is_away { "away" } else { "there" }));
    }
}
