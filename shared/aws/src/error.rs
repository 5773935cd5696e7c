//! The SDK's errors as ports know them. Only the code, message and request id of an error are kept: the SDK's own error may
//! hold items, which must not come into a log.

use std::error::Error;
use std::fmt::Write;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use ports::{PortError, PortErrorKind};

/// What AWS answers when it asks to slow down
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>), and what a single write
/// answers when a transaction is at its item: in both cases nothing happened.
const THROTTLED: [&str; 9] = [
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// What DynamoDB answers when a write's condition does not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

pub(crate) fn port_error<E>(operation: &'static str, error: SdkError<E>) -> PortError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    PortError::caused_by(kind(&error), operation, describe(&error))
}

/// What a write answers; none where its condition does not hold.
pub(crate) fn if_written<T, E>(operation: &'static str, result: Result<T, SdkError<E>>) -> Result<Option<T>, PortError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match result {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.as_service_error().and_then(ProvideErrorMetadata::code) == Some(CONDITION_FAILED) => {
            Ok(None)
        }
        Err(error) => Err(port_error(operation, error)),
    }
}

/// Whether a write was made: it is not where its condition does not hold.
pub(crate) fn is_written<T, E>(operation: &'static str, result: Result<T, SdkError<E>>) -> Result<bool, PortError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if_written(operation, result).map(|output| output.is_some())
}

/// Whether a call cannot have arrived, because no connection came about. Of any other failure nobody knows what it came
/// after.
pub(crate) fn is_unsent<E>(error: &SdkError<E>) -> bool {
    let SdkError::DispatchFailure(failure) = error else { return false };
    let mut cause = failure.as_connector_error().map(|error| -> &(dyn Error + 'static) { error });
    while let Some(error) = cause {
        if error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()) {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(crate) fn kind<E: ProvideErrorMetadata>(error: &SdkError<E>) -> PortErrorKind {
    match error {
        SdkError::ConstructionFailure(_) => PortErrorKind::Rejected,
        SdkError::TimeoutError(_) => PortErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => PortErrorKind::TimedOut,
        SdkError::DispatchFailure(_) => PortErrorKind::Unavailable,
        // An answer came and cannot be read: what was asked may have been done.
        SdkError::ResponseError(_) => PortErrorKind::TimedOut,
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            service_kind(code, service.raw().status().as_u16())
        }
        // The enum is open; what a later SDK adds is of no known meaning.
        _ => PortErrorKind::Unavailable,
    }
}

fn service_kind(code: &str, status: u16) -> PortErrorKind {
    if THROTTLED.contains(&code) || status == 429 {
        PortErrorKind::Throttled
    } else if status >= 500 {
        PortErrorKind::Unavailable
    } else {
        PortErrorKind::Rejected
    }
}

fn describe<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let mut text = error.to_string();
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("no code");
            let message = service.err().message().unwrap_or("no message");
            let request = request_id(service.raw()).unwrap_or("none");
            let _infallible = write!(text, ": {code}: {message} (request {request})");
        }
        _ => {
            let mut source = error.source();
            while let Some(cause) = source {
                let _infallible = write!(text, ": {cause}");
                source = cause.source();
            }
        }
    }
    text
}

fn request_id(response: &HttpResponse) -> Option<&str> {
    response.headers().get("x-amzn-requestid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_tried_again() {
        for (code, status, expected) in [
            ("ThrottlingException", 400, PortErrorKind::Throttled),
            ("ProvisionedThroughputExceededException", 400, PortErrorKind::Throttled),
            ("TransactionConflictException", 400, PortErrorKind::Throttled),
            ("", 429, PortErrorKind::Throttled),
            ("InternalServerError", 500, PortErrorKind::Unavailable),
            ("", 503, PortErrorKind::Unavailable),
            ("ValidationException", 400, PortErrorKind::Rejected),
            ("ResourceNotFoundException", 400, PortErrorKind::Rejected),
            ("AccessDeniedException", 400, PortErrorKind::Rejected),
        ] {
            assert_eq!(service_kind(code, status), expected, "{code} {status}");
        }
    }
}
