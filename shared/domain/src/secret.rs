//! Text that must not be seen: its `Debug` is a mask and it has no `Display`. Whoever needs the text says `reveal`. And what
//! is stored of it.

use std::fmt;

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A secret under a key that storage does not have. It may be stored, and tells whoever reads it nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sealed(pub Vec<u8>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert!(!format!("{:?}", Secret::new("hunter2hunter2")).contains("hunter"));
    }
}
