//! Whose turn it is: a flood of one holds nobody else.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::TenantId;

/// How many of what is due are read together, to see past one tenant's flood; and how many of them a round takes.
pub(crate) const READ: usize = 2_000;
const PER_ROUND: usize = 500;
pub(crate) const ROUNDS_MAX: usize = 10;

/// What a run has taken so far. The index lags behind the rows, and what has failed is as due as it was: nothing is taken
/// twice.
pub(crate) struct Rounds<T>(BTreeSet<T>);

impl<T: Ord + Copy> Rounds<T> {
    pub(crate) const fn new() -> Self {
        Self(BTreeSet::new())
    }

    /// Of what is due, what this round takes; and whether it is all there is.
    pub(crate) fn take(&mut self, mut due: Vec<T>, in_turns: impl FnOnce(Vec<T>) -> Vec<T>) -> (Vec<T>, bool) {
        due.retain(|item| !self.0.contains(item));
        let is_last = due.len() <= PER_ROUND;
        let mut first = in_turns(due);
        first.truncate(PER_ROUND);
        self.0.extend(&first);
        (first, is_last)
    }
}

/// The first `count` of what is due, when tenants take turns.
pub(crate) fn first_by_turn<T>(due: Vec<T>, count: usize, whose: impl Fn(&T) -> TenantId) -> impl Iterator<Item = T> {
    by_turn(due, whose).into_iter().take(count)
}

/// First the first of each, then the second of each, and so on.
pub(crate) fn by_turn<T, K: Ord>(items: Vec<T>, whose: impl Fn(&T) -> K) -> Vec<T> {
    let mut counts: BTreeMap<K, usize> = BTreeMap::new();
    let mut turns: Vec<(usize, T)> = items
        .into_iter()
        .map(|item| {
            let count = counts.entry(whose(&item)).or_default();
            *count += 1;
            (*count, item)
        })
        .collect();
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, item)| item).collect()
}
