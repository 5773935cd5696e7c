//! Random bits that a seed determines. Not for secrets. Clones draw from the same sequence.

use std::sync::Arc;

use crate::lock::Lock;

#[derive(Debug, Clone)]
pub struct Random(Arc<Lock<fastrand::Rng>>);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Lock::new(fastrand::Rng::with_seed(seed))))
    }
}

impl ports::clock::Random for Random {
    fn bits(&self) -> u128 {
        self.0.get().u128(..)
    }
}
