//! The fault plan that all adapters of one test share, and the count of their calls.
//!
//! What can happen to a call of a port:
//! - nothing is done and the caller is told so (`Unavailable`, `Throttled`, `Contended`),
//! - nothing is done and no answer comes (`TimedOutBefore`),
//! - it is done and no answer comes (`TimedOutAfter`),
//! - it is done late (`Slow`),
//! - it reads what was there before the last change (`Stale`; eventually consistent reads only),
//! - the caller dies before it is done or after it (`DiesBefore`, `DiesAfter`).
//!
//! Calls fail by exact plan (the third `commerce.commit` from now) or by chance from the seed. A seeded plan also lets other
//! tasks run before a call takes effect and after it, so that tasks interleave differently for each seed and the same for
//! the same seed (on one thread). Each call takes effect at one moment. What does not happen: lost or changed data, half
//! a commit, messages lost by a queue.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use ports::commerce::CommitError;
use ports::extraction::ExtractorError;
use ports::identity::IdentityError;
use ports::journal::AppendError;
use ports::platform::PlatformError;
use ports::provider::ProviderError;
use ports::{PortError, PortErrorKind};

use crate::lock::Lock;

/// How often, at most, other tasks run before a call of a seeded plan.
const TURNS_MAX: u8 = 3;
/// How often they do before one that is slow, and before its answer.
const TURNS_WHEN_SLOW: u8 = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Unavailable,
    Throttled,
    TimedOutBefore,
    TimedOutAfter,
    /// Another transaction is under way. Of a call that is no transaction: `Throttled`.
    Contended,
    /// Others run for long before it takes effect, and before it is answered. Nothing fails.
    Slow,
    /// An eventually consistent read by id, or of the list of payments, shows what was there before the last change. Of any
    /// other call: no fault.
    Stale,
    /// The instance dies before the call takes effect. For tasks that somebody polls; see [`Faults::let_die`].
    DiesBefore,
    /// The instance dies after the call took effect, before it hears of it.
    DiesAfter,
}

impl Fault {
    fn is_deadly(self) -> bool {
        matches!(self, Self::DiesBefore | Self::DiesAfter)
    }
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
    gives_way: bool,
    may_die: bool,
    has_died: bool,
    struck: Vec<(&'static str, Fault)>,
}

/// What is to become of a call.
struct Draw {
    fault: Option<Fault>,
    turns_before: u8,
    turns_after: u8,
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
        Self {
            rules: Vec::new(),
            calls: BTreeMap::new(),
            random: fastrand::Rng::with_seed(0),
            interleaves: false,
            gives_way: false,
            may_die: false,
            has_died: false,
            struck: Vec::new(),
        }
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

    /// From now on every call lets others run once before it takes effect: whoever polls the tasks decides on the order of
    /// all calls.
    pub fn give_way_at_each_call(&self) {
        self.0.get().gives_way = true;
    }

    /// Whether callers may die of `DiesBefore` and `DiesAfter`, which else are no faults: what has died is pending for ever,
    /// and somebody has to see to that.
    pub fn let_die(&self, may: bool) {
        self.0.get().may_die = may;
    }

    /// Whether a caller has died since this was last asked.
    pub fn has_died(&self) -> bool {
        std::mem::take(&mut self.0.get().has_died)
    }

    /// Which calls of a seeded plan met which faults since this was last asked, for telling what happened.
    pub fn take_struck(&self) -> Vec<(&'static str, Fault)> {
        std::mem::take(&mut self.0.get().struck)
    }

    /// Which of the faults that are planned to the call have not struck yet: a plan for calls that nobody makes shows nothing.
    pub fn unspent(&self) -> Vec<(String, Fault)> {
        let plan = self.0.get();
        let exact = plan.rules.iter().filter(|rule| matches!(rule.when, When::After(_)));
        exact.map(|rule| (rule.operations.clone(), rule.fault)).collect()
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
        self.call_read(operation, |_| effect()).await
    }

    /// As `call`; `effect` is told whether the read is a stale one.
    pub(crate) async fn call_read<T, E: Failure>(
        &self,
        operation: &'static str,
        effect: impl FnOnce(bool) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let Draw { fault, turns_before, turns_after } = self.draw(operation);
        for _ in 0..turns_before {
            let_others_run().await;
        }
        if fault == Some(Fault::DiesBefore) {
            self.die().await;
        }
        let result = fail_or(operation, fault, || effect(fault == Some(Fault::Stale)));
        if fault == Some(Fault::DiesAfter) {
            self.die().await;
        }
        for _ in 0..turns_after {
            let_others_run().await;
        }
        result
    }

    /// As `call`, for a port that does not wait.
    pub(crate) fn call_now<T, E: Failure>(
        &self,
        operation: &'static str,
        effect: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Draw { fault, .. } = self.draw(operation);
        fail_or(operation, fault, effect)
    }

    async fn die(&self) {
        self.0.get().has_died = true;
        std::future::pending().await
    }

    /// One of so many, by the seed; the first when nothing is to interleave.
    pub(crate) fn pick(&self, count: usize) -> usize {
        let mut plan = self.0.get();
        if plan.interleaves && count > 1 { plan.random.usize(..count) } else { 0 }
    }

    fn add(&self, operations: &str, when: When, fault: Fault) {
        self.0.get().rules.push(Rule { operations: operations.to_owned(), when, fault });
    }

    fn draw(&self, operation: &'static str) -> Draw {
        let mut plan = self.0.get();
        let Plan { rules, calls, random, interleaves, gives_way, may_die, struck, .. } = &mut *plan;
        *calls.entry(operation).or_default() += 1;
        let mut fault = None;
        rules.retain_mut(|rule| {
            if !operation.starts_with(rule.operations.as_str()) {
                return true;
            }
            let (fires, stays) = match &mut rule.when {
                When::After(0) if rule.fault.is_deadly() && !*may_die => (false, true),
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
        let fault = fault.filter(|fault| *may_die || !fault.is_deadly());
        if *interleaves {
            struck.extend(fault.map(|fault| (operation, fault)));
        }
        let (turns_before, turns_after) = match (*interleaves, fault) {
            (false, _) => (u8::from(*gives_way), 0),
            (true, Some(Fault::Slow)) => (random.u8(..=TURNS_WHEN_SLOW), random.u8(..=TURNS_WHEN_SLOW)),
            (true, _) => (random.u8(..=TURNS_MAX), u8::from(random.u8(..4) == 0)),
        };
        Draw { fault, turns_before, turns_after }
    }
}

fn fail_or<T, E: Failure>(
    operation: &'static str,
    fault: Option<Fault>,
    effect: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    match fault {
        None | Some(Fault::Slow | Fault::Stale | Fault::DiesBefore | Fault::DiesAfter) => effect(),
        Some(fault @ Fault::TimedOutAfter) => {
            // Whatever it came to, the caller does not hear of it.
            drop(effect());
            Err(E::of(fault, operation))
        }
        Some(fault) => Err(E::of(fault, operation)),
    }
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
            Fault::Throttled | Fault::Contended => PortErrorKind::Throttled,
            Fault::TimedOutBefore | Fault::TimedOutAfter => PortErrorKind::TimedOut,
            // All but the first are never told.
            Fault::Unavailable | Fault::Slow | Fault::Stale | Fault::DiesBefore | Fault::DiesAfter => {
                PortErrorKind::Unavailable
            }
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

impl Failure for PlatformError {
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

impl Failure for ExtractorError {
    fn of(fault: Fault, operation: &'static str) -> Self {
        let cause = PortError::of(fault, operation);
        match cause.kind {
            PortErrorKind::TimedOut => Self::NoAnswer(cause),
            _ => Self::Busy(cause),
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
