//! Reading documents by a model, and what a tenant has spent on that.

use std::fmt;

use async_trait::async_trait;
use domain::allowance::{ExtractionSettings, Month, Spending, Usage};
use domain::file::ContentType;
use domain::ids::TenantId;

use crate::PortError;
use crate::commerce::Consistency;

/// What is to be read. Its `Debug` is masked, as that of all that comes of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    pub content_type: ContentType,
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes of {})", self.bytes.len(), self.content_type.as_str())
    }
}

/// JSON as a model has written it. Nobody has looked at it.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerText(pub String);

impl fmt::Debug for AnswerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerText(***)")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// None: the model did not come to an end, or would not.
    pub text: Option<AnswerText>,
    /// What it is paid for, whatever it has answered.
    pub usage: Usage,
}

#[derive(Debug, thiserror::Error)]
pub enum ExtractorError {
    /// The model did not begin: nothing is paid for, and it may later.
    #[error("the model takes nothing at the moment")]
    Busy(#[source] PortError),
    /// It may have begun, and may be paid for.
    #[error("the model did not answer")]
    NoAnswer(#[source] PortError),
    /// It does not take this document: too long, broken, or of pages without text.
    #[error("the model does not take the document")]
    Refused,
    /// It cannot be asked at all: a fault of the set-up.
    #[error("the model cannot be asked")]
    Rejected(#[source] PortError),
}

#[async_trait]
pub trait Extractor: Send + Sync {
    /// One call, within a minute. What the document says is data: no instruction in it is followed knowingly, and at worst the
    /// fields are wrong.
    async fn extract(&self, document: &Document) -> Result<Answer, ExtractorError>;
}

/// Reserved and settled by [`crate::platform::PlatformChange`].
#[async_trait]
pub trait Allowances: Send + Sync {
    /// What is reserved and not settled counts as spent.
    async fn spent(&self, tenant: TenantId, month: Month) -> Result<Spending, PortError>;

    /// `None` where nothing was ever set.
    async fn settings(
        &self,
        tenant: TenantId,
        consistency: Consistency,
    ) -> Result<Option<ExtractionSettings>, PortError>;

    /// In the place of what was set before. Stands when that has the version before this one's, nothing having version 0; else
    /// `false` and nothing is written.
    async fn put_settings(&self, tenant: TenantId, settings: &ExtractionSettings) -> Result<bool, PortError>;
}
