//! Why one field of an input is refused. Collected, so that a client hears of all of them at once.

/// A refused field: `code` is stable and machine-readable, `detail` is for people and shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the name of a header or query parameter.
    pub pointer: String,
    pub code: &'static str,
    pub detail: String,
}

/// The reason alone, before it is known which field it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Invalid {
    pub code: &'static str,
    pub detail: String,
}

impl Invalid {
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    pub fn at(self, pointer: impl Into<String>) -> FieldError {
        let Self { code, detail } = self;
        FieldError { pointer: pointer.into(), code, detail }
    }
}
