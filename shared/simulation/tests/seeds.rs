//! Some hundred seeds in every test run. `COFFER_SEED=7` runs one again, looking at everything after each step, and shows
//! what happened; `COFFER_SEEDS` and `COFFER_STEPS` ask for more or longer runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use coffer_simulation::Wiring;
use coffer_simulation::seeded::{Figures, Options, simulate};
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::{Commerce, Commit, CommitError};

const SEEDS: u64 = 300;
const STEPS: u64 = 200;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}

fn steps() -> usize {
    usize::try_from(setting("COFFER_STEPS").unwrap_or(STEPS)).expect("a number of steps")
}

#[test]
fn no_seed_breaks_an_invariant() {
    if let Some(seed) = setting("COFFER_SEED") {
        return once_more(seed);
    }
    let seeds = setting("COFFER_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    let sums = Mutex::new(Figures::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < seeds
                {
                    match simulate(Options::of(seed, steps())) {
                        Ok((figures, _)) => add(&mut sums.lock().unwrap_or_else(PoisonError::into_inner), figures),
                        Err(failure) => failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure),
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|failure| failure.seed);
    let broken: Vec<u64> = failures.iter().map(|failure| failure.seed).collect();
    if let Some(first) = failures.first() {
        panic!("{first}\n\nseeds that broke: {broken:?}");
    }
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    eprintln!("{seeds} seeds: {sums:?}");
    let is_usual = setting("COFFER_STEPS").is_none() && setting("COFFER_SEEDS").is_none();
    let did_much = sums.captured as u64 > seeds && sums.refunds as u64 > seeds && sums.refused_refunds > 0;
    let did_much = did_much && sums.spent > 0 && sums.overspent > 0;
    assert!(did_much || !is_usual, "the runs hardly did anything: {sums:?}");
}

fn once_more(seed: u64) {
    let options = Options { look_at_all_each: 1, ..Options::of(seed, steps()) };
    match simulate(options) {
        Ok((figures, trace)) => eprintln!("{}\n{figures:?}", trace.join("\n")),
        Err(failure) => panic!("{failure}"),
    }
}

fn add(sums: &mut Figures, figures: Figures) {
    let Figures { steps, calls, replays, payments, captured, refunds, refused_refunds, spent, overspent, deaths } =
        figures;
    sums.steps += steps;
    sums.calls += calls;
    sums.replays += replays;
    sums.payments += payments;
    sums.captured += captured;
    sums.refunds += refunds;
    sums.refused_refunds += refused_refunds;
    sums.spent += spent;
    sums.overspent += overspent;
    sums.deaths += deaths;
}

#[test]
fn a_seed_replays_exactly() {
    let trace = |seed| match simulate(Options::of(seed, steps())) {
        Ok((_, trace)) => trace,
        Err(failure) => failure.trace.clone(),
    };
    assert_eq!(trace(3), trace(3));
    assert_ne!(trace(3), trace(4));
}

/// A store that forgets idempotency keys.
struct Forgetful(Arc<dyn Commerce>);

#[async_trait]
impl Commerce for Forgetful {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.0.commit(Commit { record: None, ..commit }).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.0.find_record(tenant, claim, now).await
    }
}

#[test]
fn a_deliberate_bug_is_found_and_shown_with_its_seed() {
    let rewire = |wiring: Wiring| Wiring { commerce: Arc::new(Forgetful(wiring.commerce)), ..wiring };
    let found = (0..10).find_map(|seed| simulate(Options { rewire, ..Options::of(seed, steps()) }).err());
    let shown = found.expect("keys that are forgotten let a request take effect twice").to_string();
    assert!(shown.contains("took effect 2 times") && shown.contains("COFFER_SEED="), "{shown}");
}
