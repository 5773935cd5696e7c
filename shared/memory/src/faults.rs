//! The fault plan that all adapters of one test share, and the count of their calls.
//!
//! What can happen to a call of a port:
//! - nothing is done and the caller is told so (`Unavailable`, `Throttled`, `Contended`),
//! - nothing is done and no answer comes (`TimedOutBefore`),
//! - it is done and no answer comes (`TimedOutAfter`).
//!
//! Calls fail by exact plan (the third `commerce.commit` from now) or by chance from the seed. A seeded plan also lets other
//! tasks run before a call takes effect, so that tasks interleave differently for each seed and the same for the same seed
//! (on one thread). Each call takes effect at one moment. What does not happen: lost or changed data, stale reads, half a
//! commit, messages lost by a queue.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use ports::commerce::CommitError;
use ports::identity::IdentityError;
use ports::journal::AppendError;
use ports::provider::ProviderError;
use ports::{PortError, PortErrorKind};

use crate::lock::Lock;

/// How often, at most, other tasks run before a call of a seeded plan.
const TURNS_MAX: u8 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Unavailable,
    Throttled,
    TimedOutBefore,
    TimedOutAfter,
    /// Another transaction is under way. Of a call that is no transaction: `Throttled`.
    Contended,
}

/// A handle: clones share the plan and the counts. An operation is named `port.method`, such as `orders.get`.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Lock<Plan>>);

#[derive(Debug)]
struct Plan {
    rules: Vec<Rule>,
    calls: BTreeMap<&'static str, u64>,
    random: fastrand::Rng,
    interleaves: bool,
}

#[derive(Debug)]
struct Rule {
    operations: String,
    when: When,
    fault: Fault,
}

#[derive(Debug)]
enum When {
    /// So many matching calls go well before the one that fails; then the rule is spent.
    After(u64),
    PerThousand(u16),
}

impl Default for Plan {
    fn default() -> Self {
        Self { rules: Vec::new(), calls: BTreeMap::new(), random: fastrand::Rng::with_seed(0), interleaves: false }
    }
}

impl Faults {
    /// Nothing fails until it is told to; every call takes effect at once.
    pub fn none() -> Self {
        Self::default()
    }

    /// As [`Faults::none`], with chances and interleavings from the seed.
    pub fn seeded(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self(Arc::new(Lock::new(Plan { random, interleaves: true, ..Plan::default() })))
    }

    /// Lets the `nth` call from now (the next is 1) fail, once. `operations` is an operation or the beginning of several:
    /// `commerce.commit`, `provider.`, or empty for any call of any port.
    pub fn fail(&self, operations: &str, nth: u64, fault: Fault) {
        self.add(operations, When::After(nth.saturating_sub(1)), fault);
    }

    /// Lets so many of a thousand calls fail, from now on; 1,000 is every call.
    pub fn fail_by_chance(&self, operations: &str, per_thousand: u16, fault: Fault) {
        self.add(operations, When::PerThousand(per_thousand), fault);
    }

    /// Forgets what is planned; calls stay counted.
    pub fn heal(&self) {
        self.0.get().rules.clear();
    }

    /// How often an operation was called, failed calls included.
    pub fn calls(&self, operation: &str) -> u64 {
        self.0.get().calls.get(operation).copied().unwrap_or(0)
    }

    pub fn total(&self) -> u64 {
        self.0.get().calls.values().sum()
    }

    /// Every operation that was called, with how often: for asserting that there was nothing else.
    pub fn tally(&self) -> BTreeMap<&'static str, u64> {
        self.0.get().calls.clone()
    }

    /// Counts from zero again; what is planned stays.
    pub fn forget_calls(&self) {
        self.0.get().calls.clear();
    }

    /// Counts a call, lets others run, and lets `effect` happen unless it fails before.
    pub(crate) async fn call<T, E: Failure>(
        &self,
        operation: &'static str,
        effect: impl FnOnce() -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let (fault, turns) = self.draw(operation);
        for _ in 0..turns {
            let_others_run().await;
        }
        fail_or(operation, fault, effect)
    }

    /// As `call`, for a port that does not wait.
    pub(crate) fn call_now<T, E: Failure>(
        &self,
        operation: &'static str,
        effect: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let (fault, _) = self.draw(operation);
        fail_or(operation, fault, effect)
    }

    /// One of so many, by the seed; the first when nothing is to interleave.
    pub(crate) fn pick(&self, count: usize) -> usize {
        let mut plan = self.0.get();
        if plan.interleaves && count > 1 { plan.random.usize(..count) } else { 0 }
    }

    fn add(&self, operations: &str, when: When, fault: Fault) {
        self.0.get().rules.push(Rule { operations: operations.to_owned(), when, fault });
    }

    fn draw(&self, operation: &'static str) -> (Option<Fault>, u8) {
        let mut plan = self.0.get();
        let Plan { rules, calls, random, interleaves } = &mut *plan;
        *calls.entry(operation).or_default() += 1;
        let turns = if *interleaves { random.u8(..=TURNS_MAX) } else { 0 };
        let mut fault = None;
        rules.retain_mut(|rule| {
            if !operation.starts_with(rule.operations.as_str()) {
                return true;
            }
            let (fires, stays) = match &mut rule.when {
                When::After(0) => (true, false),
                When::After(left) => {
                    *left -= 1;
                    (false, true)
                }
                When::PerThousand(chance) => (random.u16(..1_000) < *chance, true),
            };
            if fires {
                fault = fault.or(Some(rule.fault));
            }
            stays
        });
        (fault, turns)
    }
}

fn fail_or<T, E: Failure>(
    operation: &'static str,
    fault: Option<Fault>,
    effect: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let Some(fault) = fault else { return effect() };
    if fault == Fault::TimedOutAfter {
        // Whatever it came to, the caller does not hear of it.
        drop(effect());
    }
    Err(E::of(fault, operation))
}

pub(crate) async fn let_others_run() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The errors of the ports, as far as faults make them.
pub(crate) trait Failure {
    fn of(fault: Fault, operation: &'static str) -> Self;
}

impl Failure for PortError {
    fn of(fault: Fault, operation: &'static str) -> Self {
        let kind = match fault {
            Fault::Unavailable => PortErrorKind::Unavailable,
            Fault::Throttled | Fault::Contended => PortErrorKind::Throttled,
            Fault::TimedOutBefore | Fault::TimedOutAfter => PortErrorKind::TimedOut,
        };
        Self::new(kind, operation)
    }
}

impl Failure for CommitError {
    fn of(fault: Fault, operation: &'static str) -> Self {
        match fault {
            Fault::Contended => Self::Contended,
            _ => Self::Port(PortError::of(fault, operation)),
        }
    }
}

impl Failure for AppendError {
    fn of(fault: Fault, operation: &'static str) -> Self {
        match fault {
            Fault::Contended => Self::Contended,
            _ => Self::Port(PortError::of(fault, operation)),
        }
    }
}

impl Failure for IdentityError {
    fn of(fault: Fault, operation: &'static str) -> Self {
        match fault {
            Fault::Contended => Self::Contended,
            _ => Self::Port(PortError::of(fault, operation)),
        }
    }
}

impl Failure for ProviderError {
    fn of(fault: Fault, operation: &'static str) -> Self {
        match fault {
            Fault::TimedOutBefore | Fault::TimedOutAfter => Self::TimedOut,
            _ => Self::Unavailable(Some(Box::new(PortError::of(fault, operation)))),
        }
    }
}
