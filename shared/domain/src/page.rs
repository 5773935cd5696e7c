//! A page of a list, newest first. The cursor is the id of the last item seen: ids are time-ordered, so a page stays where
//! it is while new items arrive before it.

use crate::field::Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    pub const MAX: u16 = 100;
    pub const LARGEST: Self = Self(Self::MAX);

    pub fn new(limit: i64) -> Result<Self, Invalid> {
        u16::try_from(limit)
            .ok()
            .filter(|limit| (1..=Self::MAX).contains(limit))
            .map(Self)
            .ok_or_else(|| Invalid::new("out_of_range", format!("must be a whole number from 1 to {}", Self::MAX)))
    }

    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// Which page: at most `limit` items that come after `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<Id> {
    pub limit: Limit,
    pub after: Option<Id>,
}

impl<Id> Default for PageRequest<Id> {
    fn default() -> Self {
        Self { limit: Limit::default(), after: None }
    }
}

/// `next` is where the following page begins; absent on the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, Id> {
    pub items: Vec<T>,
    pub next: Option<Id>,
}
