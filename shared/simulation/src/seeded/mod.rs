//! Runs that a seed decides on: which clients ask for what, which step is next, what fails, what dies, what comes late or
//! twice. After each step the invariants are looked at; at the end everything heals and the world has to come to rest. The
//! same seed gives the same run, to the letter.

mod actions;
mod clients;
mod ending;
mod intents;
mod plan;
mod reads;
mod run;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use run::Run;

use crate::world::Wiring;

#[derive(Clone, Copy)]
pub struct Options {
    pub seed: u64,
    pub steps: usize,
    /// Everything is looked at after so many steps with a change in them, what has changed after each.
    pub look_at_all_each: usize,
    /// Puts a deliberate bug in, to see that it is found.
    pub rewire: fn(Wiring) -> Wiring,
}

impl Options {
    pub fn of(seed: u64, steps: usize) -> Self {
        Self { seed, steps, look_at_all_each: 32, rewire: |wiring| wiring }
    }
}

/// What a run came by: for seeing that runs do not pass because nothing happens in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub steps: usize,
    pub calls: usize,
    pub replays: usize,
    pub payments: usize,
    pub captured: usize,
    pub refunds: usize,
    pub refused_refunds: usize,
    /// Payments out of wallets that succeeded.
    pub spent: usize,
    /// Those that the wallet did not have enough for.
    pub overspent: usize,
    pub deaths: usize,
}

/// A run that broke an invariant.
pub struct Failure {
    pub seed: u64,
    pub broken: String,
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, broken, trace } = self;
        for line in trace {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {seed}: {broken}")?;
        write!(f, "to run it again, looking at everything after each step: COFFER_SEED={seed}")
    }
}

/// One run and what led to it, line by line.
pub fn simulate(options: Options) -> Result<(Figures, Vec<String>), Box<Failure>> {
    let mut run = Run::new(options);
    let result = catch_unwind(AssertUnwindSafe(|| run.take_all_steps()));
    let result = result.unwrap_or_else(|panic| Err(format!("a panic: {}", text_of(&*panic))));
    let (figures, trace) = run.told();
    match result {
        Ok(()) => Ok((figures, trace)),
        Err(broken) => Err(Box::new(Failure { seed: options.seed, broken, trace })),
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
