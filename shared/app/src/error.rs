//! Why a use case refused or failed, without a word of HTTP. `http-kit` maps it, exhaustively.

use std::time::Duration;

use domain::attachment::AttachmentRefusal;
use domain::connection::ConnectionRefusal;
use domain::dead_letter::DeadLetterRefusal;
use domain::dispute::DisputeRefusal;
use domain::field::FieldError;
use domain::file::FileStatus;
use domain::job::JobRefusal;
use domain::order::OrderRefusal;
use domain::payment::PaymentRefusal;
use domain::schedule::TooManySchedules;
use domain::wallet::Overdrawn;
use domain::webhook::EndpointRefusal;
use ports::PortError;
use ports::commerce::CommitError;
use ports::identity::IdentityError;
use ports::platform::PlatformError;
use ports::provider::NoticeRefusal;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the input is not valid")]
    Invalid(Vec<FieldError>),
    /// There is none, or it is another tenant's: the two look the same.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error(transparent)]
    Order(OrderRefusal),
    #[error(transparent)]
    Payment(PaymentRefusal),
    #[error(transparent)]
    Overdrawn(Overdrawn),
    #[error(transparent)]
    Dispute(DisputeRefusal),
    #[error(transparent)]
    Connection(ConnectionRefusal),
    #[error(transparent)]
    Job(JobRefusal),
    #[error(transparent)]
    DeadLetter(DeadLetterRefusal),
    /// It is not there, or not checked, or of no use.
    #[error("the file is {}", .current.as_str())]
    FileNotReady { current: FileStatus },
    #[error(transparent)]
    Attachment(AttachmentRefusal),
    /// What came is not the provider's word.
    #[error(transparent)]
    Notice(NoticeRefusal),
    #[error(transparent)]
    Webhook(EndpointRefusal),
    #[error(transparent)]
    TooManySchedules(TooManySchedules),
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A request for the same thing is being carried out at this moment.
    #[error("another request for the same is under way")]
    InFlight,
    #[error("the resource has changed since it was read")]
    PreconditionFailed,
    #[error("a user of the tenant has this address")]
    EmailTaken,
    /// Mail to the address was called spam.
    #[error("a complaint is not taken back")]
    Complained,
    #[error("the caller may not do this")]
    Forbidden,
    /// Wrong address, wrong password, ended session: which of them is not told.
    #[error("the credentials are not valid")]
    BadCredentials,
    /// The credentials fit users of several tenants, or more users have the address than are tried.
    #[error("the credentials belong to several tenants")]
    TenantNeeded,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::OrderMissing => Self::NotFound("order"),
            CommitError::OrderRefused(refusal) => Self::Order(refusal),
            CommitError::PaymentMissing => Self::NotFound("payment"),
            CommitError::PaymentRefused(refusal) => Self::Payment(refusal),
            CommitError::WalletMissing => Self::NotFound("wallet"),
            CommitError::Overdrawn(overdrawn) => Self::Overdrawn(overdrawn),
            CommitError::Port(error) => Self::Port(error),
            CommitError::Claimed(_) | CommitError::AlreadyPosted(_) | CommitError::Stale | CommitError::Contended => {
                Self::InFlight
            }
        }
    }
}

impl From<PlatformError> for Error {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Port(error) => Self::Port(error),
            PlatformError::Claimed(_)
            | PlatformError::Stale
            | PlatformError::LineFull
            | PlatformError::Exhausted
            | PlatformError::Contended => Self::InFlight,
        }
    }
}

impl From<IdentityError> for Error {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::EmailTaken => Self::EmailTaken,
            IdentityError::Port(error) => Self::Port(error),
            IdentityError::Claimed(_) | IdentityError::Stale | IdentityError::Contended => Self::InFlight,
        }
    }
}
