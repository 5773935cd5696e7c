//! How a worker's step ends when it does not end well.

use domain::connection::ProviderName;
use domain::ids::TenantId;
use domain::payment::PaymentRefusal;
use domain::text::Name;
use ports::PortError;
use ports::commerce::{CommitError, Consistency};
use ports::identity::Tenants;
use ports::platform::PlatformError;
use ports::provider::ProviderError;

#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The same step may succeed later.
    #[error("to be tried again: {reason}")]
    Retry {
        reason: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The merchant has to connect the account again. What the sweeper asks again neither fails nor is buried by it
    /// ([`Directory::wait`](crate::providers::Directory::wait)).
    #[error("{} is not connected", .0.as_str())]
    Disconnected(ProviderName),
    /// The same, of another key.
    #[error("{} does not take the key", .0.as_str())]
    KeyRefused(ProviderName),
    /// The same step will never succeed: it goes to the dead letters with this reason.
    #[error("cannot be done: {0}")]
    Poison(String),
}

impl WorkError {
    pub fn retryable(&self) -> bool {
        match self {
            Self::Retry { .. } | Self::Disconnected(_) | Self::KeyRefused(_) => true,
            Self::Poison(_) => false,
        }
    }

    pub(crate) fn contended() -> Self {
        Self::Retry { reason: "others kept changing the same items", source: None }
    }
}

impl From<PortError> for WorkError {
    fn from(error: PortError) -> Self {
        if error.retryable() {
            Self::Retry { reason: "a store or queue did not work", source: Some(Box::new(error)) }
        } else {
            Self::Poison(error.to_string())
        }
    }
}

impl From<ProviderError> for WorkError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::NotSent(_) | ProviderError::Unavailable(_) | ProviderError::TimedOut => {
                Self::Retry { reason: "the provider did not answer", source: Some(Box::new(error)) }
            }
            ProviderError::KeyRefused(name) => Self::KeyRefused(name),
            ProviderError::Refused(_) => Self::Poison(error.to_string()),
            ProviderError::Rejected(reason) => Self::Poison(format!("the provider refused the request: {reason}")),
        }
    }
}

impl From<PaymentRefusal> for WorkError {
    fn from(refusal: PaymentRefusal) -> Self {
        Self::Poison(refusal.to_string())
    }
}

/// In whose name a receipt, a report or a mail is.
pub(crate) async fn merchant(tenants: &dyn Tenants, tenant: TenantId) -> Result<Name, WorkError> {
    let found = tenants.get(tenant, Consistency::Strong).await?;
    found.map(|tenant| tenant.name).ok_or_else(|| WorkError::Poison(format!("there is no tenant {tenant}")))
}

/// What a worker's commit came to.
pub(crate) enum Settled {
    Done,
    /// Something was changed by others: read again.
    ReadAgain,
}

impl Settled {
    /// For who reads anew when its message comes again.
    pub(crate) fn or_contended(self) -> Result<(), WorkError> {
        match self {
            Self::Done => Ok(()),
            Self::ReadAgain => Err(WorkError::contended()),
        }
    }
}

pub(crate) fn settled(result: Result<(), CommitError>) -> Result<Settled, WorkError> {
    match result {
        // Posted already: the transaction that did it also moved the state.
        Ok(()) | Err(CommitError::AlreadyPosted(_)) => Ok(Settled::Done),
        Err(CommitError::Stale | CommitError::Contended) => Ok(Settled::ReadAgain),
        Err(CommitError::Port(error)) => Err(error.into()),
        Err(
            refused @ (CommitError::Claimed(_)
            | CommitError::OrderMissing
            | CommitError::OrderRefused(_)
            | CommitError::PaymentMissing
            | CommitError::PaymentRefused(_)
            | CommitError::WalletMissing
            | CommitError::Overdrawn(_)),
        ) => Err(WorkError::Poison(refused.to_string())),
    }
}

/// The same, of a commit to the platform.
pub(crate) fn platform_settled(result: Result<(), PlatformError>) -> Result<Settled, WorkError> {
    match result {
        Ok(()) => Ok(Settled::Done),
        Err(PlatformError::Stale | PlatformError::Contended) => Ok(Settled::ReadAgain),
        Err(PlatformError::Port(error)) => Err(error.into()),
        Err(refused @ (PlatformError::Claimed(_) | PlatformError::LineFull | PlatformError::Exhausted)) => {
            Err(WorkError::Poison(refused.to_string()))
        }
    }
}
