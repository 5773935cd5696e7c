//! What runs at the same time: futures that are polled one step at a time by whoever decides on the order. A task that is
//! dropped between two polls is an instance that died between two calls of a port.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Runs to the end. Nothing in a simulation waits for the outside, so polling again is all it takes.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Tasks under way, each with a label of type `L`.
pub struct Tasks<'a, L, T> {
    running: Vec<(L, Task<'a, T>)>,
}

impl<'a, L, T> Tasks<'a, L, T> {
    pub fn start(&mut self, label: L, future: impl Future<Output = T> + 'a) {
        self.running.push((label, Box::pin(future)));
    }

    pub fn len(&self) -> usize {
        self.running.len()
    }

    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub fn label(&self, index: usize) -> &L {
        &self.running[index].0
    }

    /// Lets one of them go on, to its end or to the next place where others may.
    pub fn poll(&mut self, index: usize) -> Option<(L, T)> {
        let mut context = Context::from_waker(Waker::noop());
        match self.running[index].1.as_mut().poll(&mut context) {
            Poll::Ready(value) => Some((self.running.remove(index).0, value)),
            Poll::Pending => None,
        }
    }

    /// The task dies where it is.
    pub fn kill(&mut self, index: usize) -> L {
        self.running.remove(index).0
    }

    /// The first of which this holds.
    pub fn position(&self, holds: impl Fn(&L) -> bool) -> Option<usize> {
        self.running.iter().position(|(label, _)| holds(label))
    }
}

impl<L, T> Default for Tasks<'_, L, T> {
    fn default() -> Self {
        Self { running: Vec::new() }
    }
}

/// Runs them all to their ends, interleaved as the seed says; the results are in the order of the futures.
pub fn together<T>(seed: u64, futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut tasks = Tasks::default();
    for (index, future) in futures.into_iter().enumerate() {
        tasks.start(index, future);
    }
    let mut results = Vec::new();
    while !tasks.is_empty() {
        results.extend(tasks.poll(random.usize(..tasks.len())));
    }
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, value)| value).collect()
}
