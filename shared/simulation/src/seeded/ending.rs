//! How a run ends: everything heals, what is under way is finished, clients ask until they are answered, time passes with
//! its sweeps. Then nothing may be left undone.

use std::time::Duration;

use domain::event::Queue;
use domain::file::FileStatus;
use domain::job::{Job, JobStatus};
use domain::payment::{ACTION_EXPIRES_AFTER, CAPTURE_WITHIN, Method};
use domain::refund::RefundStatus;
use domain::task::Task;
use memory::DeadLetter;
use ports::clock::Clock as _;

use super::run::Run;
use crate::invariants::{self, Holds, ensure};
use crate::stream::Consumer;

/// Beyond the longest wait of a message, and of clients for their limits.
const MINUTES_MAX: usize = 90;
/// How long the cache keeps an entry.
const ENTRIES_LIVE: Duration = Duration::from_secs(300);

impl Run {
    pub(super) fn come_to_rest(&mut self) -> Holds {
        self.tell(|| "everything heals".to_owned());
        self.world.faults.heal();
        self.world.late.delay_by_chance(0);
        self.world.cache.set_away(false);
        self.world.receivers.heal();
        self.calm_down()?;
        self.providers_come_back();
        self.answer_everybody()?;
        self.nothing_is_left()?;
        self.give_every_answer_again()?;
        self.let_customers_decide()?;
        self.everybody_is_told()?;
        self.everybody_has_heard()?;
        self.nothing_is_left()?;
        self.reads_are_fresh()?;
        self.nobody_is_back()?;
        self.lists_are_complete()?;
        self.count();
        Ok(())
    }

    /// What is under way is finished and the cache is told of everything: then nobody reads a stale state.
    pub(super) fn calm_down(&mut self) -> Holds {
        self.finish_all()?;
        self.world.store.catch_up();
        let is_told = self.world.waiting(Consumer::CacheRefresh) == 0 || self.world.deliver(Consumer::CacheRefresh);
        self.see_late_calls();
        self.tell(|| format!("calm; the cache is told of everything: {is_told}"));
        if !is_told || self.may_be_stale() {
            return Ok(());
        }
        self.reads_are_fresh()?;
        self.nobody_is_back()
    }

    /// An old state may get into a cache that has forgotten the new one, or was never told of it, and stays there for an
    /// entry's life time.
    fn may_be_stale(&self) -> bool {
        let gave_up_at = self.world.stream.borrow().cache_gave_up_at;
        let forgot_at = gave_up_at.max(self.flushed_at);
        forgot_at.is_some_and(|at| self.world.clock.now().since(at) < 2 * ENTRIES_LIVE)
    }

    fn answer_everybody(&mut self) -> Holds {
        for _ in 0..MINUTES_MAX {
            for intent in self.unanswered() {
                self.send(intent);
                self.finish_all()?;
            }
            self.world.settle();
            self.look()?;
            let unanswered = self.unanswered();
            if unanswered.is_empty() && self.world.left_to_do().is_empty() {
                return Ok(());
            }
            self.world.minute();
            self.look()?;
        }
        let (left, unanswered) = (self.world.left_to_do().join(", "), self.unanswered());
        Err(format!("{MINUTES_MAX} minutes after everything healed: {left}; clients without an answer: {unanswered:?}"))
    }

    fn nothing_is_left(&mut self) -> Holds {
        self.look()?;
        self.look_at_all()?;
        invariants::of_rest(&self.world)?;
        for queue in Queue::ALL {
            let is_poison = |letter: &&DeadLetter| letter.reason.as_ref().is_some_and(|it| is_our_own_fault(it));
            let letters = self.world.queues.dead_letters(queue);
            let poison = letters.iter().find(is_poison);
            ensure(poison.is_none(), || format!("our own work could not be done: {poison:?}"))?;
        }
        for event in self.books.events.values() {
            let unsent = event.kind.queues().iter().find(|queue| !self.world.sent.holds(**queue, event.id));
            ensure(unsent.is_none(), || {
                format!("{} of {} never came to {unsent:?}", event.kind.as_str(), event.subject)
            })?;
        }
        for (index, intent) in self.clients.intents.iter().enumerate() {
            let Some(key) = intent.key.as_ref().filter(|_| intent.kept.is_some()) else { continue };
            let tenant = self.clients.callers[intent.who].tenant;
            let effects = self.books.effects.get(&(tenant, key.clone())).map_or(0, Vec::len);
            ensure(effects == 1, || format!("intent {index} was answered and took effect {effects} times"))?;
        }
        Ok(())
    }

    /// Byte for byte, long after; `heard` compares.
    fn give_every_answer_again(&mut self) -> Holds {
        for intent in self.replayable() {
            self.world.clock.advance(Duration::from_secs(1));
            self.send(intent);
            self.finish_all()?;
        }
        Ok(())
    }

    /// Half of those who are asked confirm; the others' time runs out.
    fn let_customers_decide(&mut self) -> Holds {
        for provider in self.providers() {
            for key in provider.waiting_for_customers() {
                if self.random.bool() {
                    provider.authenticate(&key);
                    self.tell(|| format!("the customer confirms {key}"));
                }
            }
        }
        self.world.minute();
        self.look()?;
        self.world.clock.advance(ACTION_EXPIRES_AFTER);
        self.tell(|| "a day passes".to_owned());
        self.world.minute();
        self.world.come_to_rest()?;
        self.look()?;
        self.world.clock.advance(CAPTURE_WITHIN);
        self.tell(|| "a week passes".to_owned());
        self.world.minute();
        self.world.come_to_rest()?;
        self.look()?;
        self.hear_of_every_dispute()?;
        invariants::files::are_ended(&self.world.store.contents())?;
        let open = self.books.payments.values().find(|payment| payment.status.is_open());
        ensure(open.is_none(), || format!("nobody ever decides on {open:?}"))
    }

    fn count(&mut self) {
        self.figures.payments = self.books.payments.len();
        self.figures.captured = self.books.payments.values().filter(|payment| payment.captured > 0).count();
        let of_wallets = || {
            let payments = self.books.payments.values();
            payments.filter(|payment| matches!(payment.method, Method::Wallet { .. }))
        };
        self.figures.spent = of_wallets().filter(|payment| payment.captured > 0).count();
        self.figures.overspent = of_wallets().filter(|payment| payment.failure.is_some()).count();
        let files = self.world.store.files();
        let of = |status| files.iter().filter(|file| file.status == status).count();
        (self.figures.files_ready, self.figures.files_rejected) = (of(FileStatus::Ready), of(FileStatus::Rejected));
        self.figures.attachments = self.world.store.attachments().len();
        let jobs = self.world.store.jobs();
        let (read, made): (Vec<&Job>, Vec<&Job>) = jobs
            .iter()
            .filter(|job| job.status == JobStatus::Succeeded)
            .partition(|job| matches!(job.task, Task::Extraction(_)));
        (self.figures.extractions, self.figures.reports) = (read.len(), made.len());
        self.figures.refunds = self.books.refunds.len();
        let refused = self.books.refunds.values().filter(|refund| refund.status == RefundStatus::Failed);
        self.figures.refused_refunds = refused.count();
    }
}

/// A tenant that has disconnected an account is told of what went by it.
fn is_our_own_fault(reason: &str) -> bool {
    reason.contains("cannot be done") && !reason.contains("is not connected")
}
