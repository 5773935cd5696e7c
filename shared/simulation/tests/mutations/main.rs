//! That the simulation has teeth: deliberate bugs, each an adapter put before a port, and each to be found within some seeds,
//! by a failure that replays to the letter. One that survives is a hole in the invariants or in what the runs do.
//! `cargo test -p coffer-simulation --test mutations -- --nocapture` shows how many seeds each took and what gave it away.

mod commits;
mod files;
mod platform;
mod provider;
mod rest;
mod transactions;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use coffer_simulation::Wiring;
use coffer_simulation::seeded::{Failure, Options, simulate};

/// Most take a few; the bound is for those that a change of the runs makes rarer.
const SEEDS_MAX: u64 = 3_000;
const STEPS: usize = 300;

/// A bug, in words, and how it gets in.
struct Mutation {
    name: &'static str,
    rewire: fn(Wiring) -> Wiring,
}

fn all() -> Vec<&'static Mutation> {
    [commits::ALL, transactions::ALL, provider::ALL, rest::ALL, files::ALL, platform::ALL]
        .into_iter()
        .flatten()
        .collect()
}

fn options(mutation: &Mutation, seed: u64) -> Options {
    Options { rewire: mutation.rewire, ..Options::of(seed, STEPS) }
}

/// The first seed's failure.
fn found(mutation: &Mutation) -> Option<Box<Failure>> {
    (0..SEEDS_MAX).find_map(|seed| simulate(options(mutation, seed)).err())
}

#[test]
fn every_mutation_is_found_and_replays() {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let mutations = all();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((index, mutation)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|index| Some((index, *mutations.get(index)?)))
                {
                    let failure = found(mutation);
                    let again = failure.as_ref().and_then(|first| simulate(options(mutation, first.seed)).err());
                    results.lock().expect("nothing panics under it").push((index, mutation.name, failure, again));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("nothing panics under it");
    results.sort_by_key(|(index, ..)| *index);
    let mut survivors = Vec::new();
    for (_, name, failure, again) in &results {
        match failure {
            Some(found) => {
                eprintln!("{name}: {} seeds: {:.160}", found.seed + 1, found.broken);
                assert_eq!(failure, again, "{name} did not replay");
                let shown = found.to_string();
                assert!(shown.contains(&format!("--seed {}", found.seed)), "{name} is shown without its seed: {shown}");
            }
            None => survivors.push(*name),
        }
    }
    assert!(
        survivors.is_empty(),
        "{SEEDS_MAX} seeds did not find: {survivors:?}. Mend the invariants, or let runs do what would show it"
    );
}

#[test]
fn mutations_have_names_of_their_own() {
    let mut names: Vec<&str> = all().iter().map(|mutation| mutation.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
