//! Some hundred seeds in every test run; `cargo xtask simulate` runs more and longer ones, and one again with all its steps.

use coffer_simulation::seeded::{Options, Seeds, simulate};

const SEEDS: u64 = 300;
const STEPS: usize = 200;

#[test]
fn no_seed_breaks_an_invariant() {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let ran = Seeds { first: 0, count: SEEDS, steps: STEPS, jobs }.run(|_| ());
    if let Some(first) = ran.failures.first() {
        let broken: Vec<u64> = ran.failures.iter().map(|failure| failure.seed).collect();
        panic!("{first}\n\nseeds that broke: {broken:?}");
    }
    let sums = ran.sums;
    let did_much = sums.captured as u64 > SEEDS && sums.refunds as u64 > SEEDS / 2 && sums.refused_refunds > 0;
    let did_much = did_much
        && sums.spent > 0
        && sums.overspent > 0
        && sums.files_ready as u64 > SEEDS / 2
        && sums.attachments > 0
        && sums.reports as u64 > SEEDS / 2
        && sums.extractions > 0;
    assert!(did_much, "the runs hardly did anything: {sums:?}");
}

#[test]
fn a_seed_replays_exactly() {
    let trace = |seed| match simulate(Options::of(seed, STEPS).closely()) {
        Ok((_, trace)) => trace,
        Err(failure) => failure.trace.clone(),
    };
    assert_eq!(trace(3), trace(3));
    assert_ne!(trace(3), trace(4));
}
