//! Why a port could not do its work. Refusals by the state of things are not here: each port names its own.

use std::error::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortErrorKind {
    /// The other side cannot be reached or says it is broken. Nothing is known to have happened.
    Unavailable,
    /// No answer within the time. It may or may not have happened.
    TimedOut,
    /// The other side asks to slow down. Nothing happened.
    Throttled,
    /// What was found there cannot be read. Trying again finds the same.
    Corrupt,
    /// The request itself is wrong: a fault of ours or of the set-up.
    Rejected,
}

impl PortErrorKind {
    pub fn retryable(self) -> bool {
        match self {
            Self::Unavailable | Self::TimedOut | Self::Throttled => true,
            Self::Corrupt | Self::Rejected => false,
        }
    }
}

/// `operation` says what was tried, without data: it is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed ({kind:?})")]
pub struct PortError {
    pub kind: PortErrorKind,
    pub operation: &'static str,
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl PortError {
    pub fn new(kind: PortErrorKind, operation: &'static str) -> Self {
        Self { kind, operation, source: None }
    }

    pub fn caused_by(
        kind: PortErrorKind,
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, operation, source: Some(source.into()) }
    }

    pub fn retryable(&self) -> bool {
        self.kind.retryable()
    }
}
