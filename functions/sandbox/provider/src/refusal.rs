//! Why a request is not carried out, as the provider's clients read it.

use http_kit::{Code, Problem, Response};
use ports::PortError;
use serde_json::json;

#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    /// For the log alone.
    cause: Option<PortError>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), cause: None }
    }

    /// The answer, and for the log the problem where it is the provider's own.
    pub(crate) fn into_answer(self) -> (Response, Option<Problem>) {
        let Self { status, code, message, cause } = self;
        let body = json!({ "error": { "code": code, "message": message } });
        let problem = cause.map(|cause| Problem { cause: Some(cause.into()), ..Problem::new(Code::Unavailable, code) });
        (Response::json(status, body.to_string()), problem)
    }
}

impl From<PortError> for Refusal {
    fn from(cause: PortError) -> Self {
        Self { cause: Some(cause), ..Self::new(503, "unavailable", "The provider cannot answer at the moment.") }
    }
}
