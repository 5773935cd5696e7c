//! Whose turn it is: a flood of one holds nobody else.

use std::collections::BTreeMap;

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
