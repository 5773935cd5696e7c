//! Runs that a seed decides on: which clients ask for what, which step is next, what fails, what dies, what comes late or
//! twice. After each step the invariants are looked at; at the end everything heals and the world has to come to rest. The
//! same seed gives the same run, to the letter.

mod actions;
mod clients;
mod ending;
mod files;
mod intents;
mod jobs;
mod lists;
mod many;
mod outside;
mod plan;
mod providers;
mod reads;
mod run;
mod sessions;
mod sockets;
mod webhooks;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use many::{Ran, Seeds};
use run::Run;

use crate::world::Wiring;

#[derive(Clone, Copy)]
pub struct Options {
    pub seed: u64,
    pub steps: usize,
    /// Everything is looked at after so many steps with a change in them, what has changed after each.
    pub look_at_all_each: usize,
    /// Whether the run is put into words. A run that fails is, in a second one.
    pub trace: bool,
    /// Puts a deliberate bug in, to see that it is found.
    pub rewire: fn(Wiring) -> Wiring,
}

impl Options {
    pub fn of(seed: u64, steps: usize) -> Self {
        Self { seed, steps, look_at_all_each: 256, trace: false, rewire: |wiring| wiring }
    }

    /// Everything is looked at after each step, and told.
    pub fn closely(self) -> Self {
        Self { look_at_all_each: 1, trace: true, ..self }
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
    pub files_ready: usize,
    pub files_rejected: usize,
    /// Files of orders.
    pub attachments: usize,
    pub reports: usize,
    /// Documents whose fields were read.
    pub extractions: usize,
    pub deaths: usize,
}

impl Figures {
    pub fn add(&mut self, figures: Self) {
        let Self {
            steps,
            calls,
            replays,
            payments,
            captured,
            refunds,
            refused_refunds,
            spent,
            overspent,
            files_ready,
            files_rejected,
            attachments,
            reports,
            extractions,
            deaths,
        } = figures;
        self.steps += steps;
        self.calls += calls;
        self.replays += replays;
        self.payments += payments;
        self.captured += captured;
        self.refunds += refunds;
        self.refused_refunds += refused_refunds;
        self.spent += spent;
        self.overspent += overspent;
        self.files_ready += files_ready;
        self.files_rejected += files_rejected;
        self.attachments += attachments;
        self.reports += reports;
        self.extractions += extractions;
        self.deaths += deaths;
    }
}

/// A run that broke an invariant.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub seed: u64,
    /// How many steps the run was to take, and at which it broke; beyond the last one it was coming to rest.
    pub steps: usize,
    pub step: usize,
    pub broken: String,
    pub trace: Vec<String>,
}

/// How much of a trace is shown of a failure.
const LINES_SHOWN: usize = 40;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, steps, step, broken, trace } = self;
        for line in &trace[trace.len().saturating_sub(LINES_SHOWN)..] {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {seed} broke in step {step} of {steps}: {broken}")?;
        write!(f, "to see all of it: cargo xtask simulate --steps {steps} --seed {seed}")
    }
}

/// One run and what led to it, line by line if the options say so.
pub fn simulate(options: Options) -> Result<(Figures, Vec<String>), Box<Failure>> {
    let result = once(options);
    match result {
        Err(_) if !options.trace => once(Options { trace: true, ..options }).and(Err(did_not_replay(options))),
        result => result,
    }
}

fn once(options: Options) -> Result<(Figures, Vec<String>), Box<Failure>> {
    let Options { seed, steps, .. } = options;
    let mut run = Run::new(options);
    let result = catch_unwind(AssertUnwindSafe(|| run.take_all_steps()));
    let result = result.unwrap_or_else(|panic| Err(format!("a panic: {}", text_of(&*panic))));
    let (figures, trace) = run.told();
    match result {
        Ok(()) => Ok((figures, trace)),
        Err(broken) => Err(Box::new(Failure { seed, steps, step: figures.steps, broken, trace })),
    }
}

/// A fault of the simulation: something in it is not of the seed.
fn did_not_replay(options: Options) -> Box<Failure> {
    let Options { seed, steps, .. } = options;
    let broken = "it broke, and did not when it was run again".to_owned();
    Box::new(Failure { seed, steps, step: 0, broken, trace: Vec::new() })
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
