//! Many seeds on many threads. A seed's run is on one thread: only which runs go on side by side is not of the seed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Failure, Figures, Options, simulate};

/// After so many failures no other seed begins: they mostly have one cause.
const FAILURES_MAX: usize = 10;

#[derive(Debug, Clone, Copy)]
pub struct Seeds {
    pub first: u64,
    pub count: u64,
    pub steps: usize,
    /// Threads.
    pub jobs: usize,
}

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Ran {
    pub seeds: u64,
    pub sums: Figures,
    /// In the order of their seeds.
    pub failures: Vec<Failure>,
}

impl Seeds {
    /// `told` hears how many seeds are done, after each.
    pub fn run(self, told: impl Fn(u64) + Sync) -> Ran {
        let Self { first, count, steps, jobs } = self;
        let (next, enough, ran) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::new(Ran::default()));
        let work = || {
            while let index = next.fetch_add(1, Ordering::Relaxed)
                && index < count
                && !enough.load(Ordering::Relaxed)
            {
                let result = simulate(Options::of(first.wrapping_add(index), steps));
                let mut ran = ran.lock().unwrap_or_else(PoisonError::into_inner);
                ran.seeds += 1;
                match result {
                    Ok((figures, _)) => ran.sums.add(figures),
                    Err(failure) => ran.failures.push(*failure),
                }
                enough.store(ran.failures.len() >= FAILURES_MAX, Ordering::Relaxed);
                let seeds = ran.seeds;
                drop(ran);
                told(seeds);
            }
        };
        thread::scope(|scope| (0..jobs.max(1)).for_each(|_| drop(scope.spawn(work))));
        let mut ran = ran.into_inner().unwrap_or_else(PoisonError::into_inner);
        ran.failures.sort_by_key(|failure| failure.seed);
        ran
    }
}
