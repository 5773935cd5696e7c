//! Problems: every 4xx and 5xx answer, as RFC 9457 has it, with a stable `code`. What the client reads is here; what the log
//! keeps is `cause` and is never sent.

use std::time::Duration;

use app::Error;
use domain::attachment::AttachmentRefusal;
use domain::connection::ConnectionRefusal;
use domain::dispute::DisputeRefusal;
use domain::field::FieldError;
use domain::job::JobRefusal;
use domain::order::OrderRefusal;
use domain::payment::PaymentRefusal;
use domain::webhook::EndpointRefusal;
use ports::provider::NoticeRefusal;
use ports::{PortError, PortErrorKind};
use serde_json::{Value, json};

macro_rules! codes {
    ($($variant:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// Every code there is. A code keeps its meaning for ever; docs/STATUS-CODES.md explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($variant,)*
        }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    MalformedBody = "malformed_body", 400, "The body is not JSON";
    InvalidFields = "invalid_fields", 400, "The request is not valid";
    IdempotencyKeyRequired = "idempotency_key_required", 400, "An Idempotency-Key header is needed";
    InvalidIdempotencyKey = "invalid_idempotency_key", 400, "The Idempotency-Key header is not valid";
    Unauthenticated = "unauthenticated", 401, "A valid access token is needed";
    BadCredentials = "bad_credentials", 401, "The credentials are not valid";
    TokenRevoked = "token_revoked", 401, "The access token has been revoked";
    Forbidden = "forbidden", 403, "The caller may not do this";
    NotFound = "not_found", 404, "There is no such resource";
    MethodNotAllowed = "method_not_allowed", 405, "The resource does not take this method";
    NotAcceptable = "not_acceptable", 406, "The answer is JSON only";
    InFlight = "request_in_progress", 409, "A request for the same is being carried out";
    IllegalState = "illegal_state", 409, "The resource's state does not allow this";
    EmailTaken = "email_taken", 409, "A user of the tenant has this address";
    TenantNeeded = "tenant_id_required", 409, "The credentials belong to several tenants";
    ProviderAccountDiffers = "provider_account_differs", 409, "The key is of another account";
    TooManyChanges = "too_many_changes", 409, "It was changed too often";
    PreconditionFailed = "precondition_failed", 412, "The resource has changed";
    BodyTooLarge = "body_too_large", 413, "The body is too large";
    UnsupportedMediaType = "unsupported_media_type", 415, "The body must be application/json";
    KeyReused = "idempotency_key_reused", 422, "The Idempotency-Key was used for another request";
    CurrencyMismatch = "currency_mismatch", 422, "The currency is not the order's";
    AmountExceedsOutstanding = "amount_exceeds_outstanding", 422, "The amount is more than the order still needs";
    AmountExceedsRefundable = "amount_exceeds_refundable", 422, "The amount is more than is left to refund";
    InvalidSignature = "invalid_signature", 400, "The event is not proved to be the provider's";
    AmountExceedsCapturable = "amount_exceeds_capturable", 422, "The amount is more than was authorised";
    TooManyEndpoints = "too_many_webhook_endpoints", 422, "The tenant has as many webhook endpoints as it may";
    TooManySchedules = "too_many_schedules", 422, "The tenant has as many schedules as it may";
    TooManyFiles = "too_many_files", 422, "The order has as many files as it may";
    TooManyOrders = "too_many_orders", 422, "The file is attached to as many orders as it may be";
    WalletBalanceTooLow = "wallet_balance_too_low", 422, "The wallet holds less than that";
    RateLimited = "rate_limited", 429, "Too many requests";
    TooManyAttempts = "too_many_attempts", 429, "Too many attempts";
    Internal = "internal_error", 500, "Something went wrong on our side";
    Unavailable = "unavailable", 503, "The service cannot answer at the moment";
}

#[derive(Debug)]
pub struct Problem {
    pub code: Code,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// More members of the problem, such as the current state and the allowed ones.
    pub members: Vec<(&'static str, Value)>,
    pub headers: Vec<(&'static str, String)>,
    /// For the log alone.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), members: Vec::new(), headers: Vec::new(), cause: None }
    }

    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.len() {
            1 => "1 field is refused; see errors.".to_owned(),
            count => format!("{count} fields are refused; see errors."),
        };
        Self { errors, ..Self::new(Code::InvalidFields, detail) }
    }

    pub fn not_found(noun: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {noun}."))
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// Whole seconds, rounded up: RFC 9110, section 10.2.3.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        self.with_header("retry-after", seconds.to_string())
    }

    pub fn body(&self, request_id: &str) -> String {
        let code = self.code.as_str();
        let mut body = json!({
            "type": format!("/docs/status-codes#{code}"),
            "title": self.code.title(),
            "status": self.code.status(),
            "detail": self.detail,
            "code": code,
            "request_id": request_id,
        });
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(
                |FieldError { pointer, code, detail }| json!({ "pointer": pointer, "code": code, "detail": detail }),
            );
            body["errors"] = Value::Array(errors.collect());
        }
        for (name, value) in &self.members {
            body[*name] = value.clone();
        }
        body.to_string()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(errors) => Self::invalid(errors),
            Error::NotFound(noun) => Self::not_found(noun),
            Error::Order(refusal) => refusal.into(),
            Error::Payment(refusal) => refusal.into(),
            Error::Overdrawn(overdrawn) => Self::new(Code::WalletBalanceTooLow, sentence(&overdrawn))
                .with_member("available_amount", overdrawn.available),
            Error::Dispute(refusal) => refusal.into(),
            Error::Connection(refusal) => {
                let code = match refusal {
                    ConnectionRefusal::OtherAccount => Code::ProviderAccountDiffers,
                    ConnectionRefusal::TooManyTurns => Code::TooManyChanges,
                };
                Self::new(code, sentence(&refusal))
            }
            Error::Job(refusal) => refusal.into(),
            Error::DeadLetter(refusal) => {
                Self::new(Code::IllegalState, sentence(&refusal)).with_member("current", refusal.current.as_str())
            }
            refusal @ Error::FileNotReady { current } => {
                Self::new(Code::IllegalState, sentence(&refusal)).with_member("current", current.as_str())
            }
            Error::Attachment(refusal) => refusal.into(),
            Error::Notice(refusal) => match refusal {
                NoticeRefusal::BadSignature | NoticeRefusal::OutOfTime => {
                    Self::new(Code::InvalidSignature, sentence(&refusal))
                }
                NoticeRefusal::Malformed => Self::new(Code::MalformedBody, sentence(&refusal)),
                NoticeRefusal::Unavailable => Self::new(Code::Unavailable, sentence(&refusal)),
            },
            Error::Webhook(refusal) => {
                let code = match refusal {
                    EndpointRefusal::Disabled | EndpointRefusal::Replaying => Code::IllegalState,
                    EndpointRefusal::TooMany => Code::TooManyEndpoints,
                };
                Self::new(code, sentence(&refusal))
            }
            Error::TooManySchedules(refusal) => Self::new(Code::TooManySchedules, sentence(&refusal)),
            Error::KeyReused => {
                Self::new(Code::KeyReused, "The key belongs to a request with another body: use a new key.")
            }
            Error::InFlight => {
                Self::new(Code::InFlight, "Nothing was changed by this request: send it again in a moment.")
                    .retry_after(Duration::from_secs(1))
            }
            Error::PreconditionFailed => {
                Self::new(Code::PreconditionFailed, "If-Match does not name the present version: read it again.")
            }
            Error::EmailTaken => Self::new(Code::EmailTaken, "An address belongs to one user of a tenant."),
            Error::Complained => {
                Self::new(Code::IllegalState, "Mail to this address was called spam: none is sent there any more.")
            }
            Error::Forbidden => Self::new(Code::Forbidden, "The caller's role or scopes do not allow this."),
            Error::BadCredentials => {
                Self::new(Code::BadCredentials, "The address, the password or the token is not valid.")
            }
            Error::TenantNeeded => Self::new(Code::TenantNeeded, "Send tenant_id to say which tenant is meant."),
            Error::TooManyAttempts { retry_after } => {
                Self::new(Code::TooManyAttempts, "Password attempts are limited; wait before the next.")
                    .retry_after(retry_after)
            }
            Error::Port(error) => error.into(),
        }
    }
}

impl From<OrderRefusal> for Problem {
    fn from(refusal: OrderRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            OrderRefusal::IllegalMove { current, allowed } => {
                let allowed: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
                Self::new(Code::IllegalState, detail)
                    .with_member("current", current.as_str())
                    .with_member("allowed", allowed)
            }
            OrderRefusal::CurrencyMismatch { expected, given: _ } => {
                Self::new(Code::CurrencyMismatch, detail).with_member("expected", expected.code())
            }
            OrderRefusal::AmountExceedsOutstanding { available } => {
                Self::new(Code::AmountExceedsOutstanding, detail).with_member("available_amount", available)
            }
            OrderRefusal::PaymentInProgress | OrderRefusal::HasPayments => Self::new(Code::IllegalState, detail),
        }
    }
}

impl From<PaymentRefusal> for Problem {
    fn from(refusal: PaymentRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            PaymentRefusal::IllegalMove { current, allowed } => {
                let allowed: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
                Self::new(Code::IllegalState, detail)
                    .with_member("current", current.as_str())
                    .with_member("allowed", allowed)
            }
            PaymentRefusal::NotRefundable { current } | PaymentRefusal::NoReceipt { current } => {
                Self::new(Code::IllegalState, detail).with_member("current", current.as_str())
            }
            PaymentRefusal::AmountExceedsRefundable { refundable } => {
                Self::new(Code::AmountExceedsRefundable, detail).with_member("refundable_amount", refundable)
            }
            PaymentRefusal::AmountExceedsCapturable { capturable } => {
                Self::new(Code::AmountExceedsCapturable, detail).with_member("capturable_amount", capturable)
            }
        }
    }
}

impl From<DisputeRefusal> for Problem {
    fn from(refusal: DisputeRefusal) -> Self {
        let detail = sentence(&refusal);
        let DisputeRefusal::IllegalMove { current, allowed } = refusal;
        let allowed: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
        Self::new(Code::IllegalState, detail).with_member("current", current.as_str()).with_member("allowed", allowed)
    }
}

impl From<JobRefusal> for Problem {
    fn from(refusal: JobRefusal) -> Self {
        let detail = sentence(&refusal);
        let JobRefusal { current } = refusal;
        let allowed: Vec<&str> = current.next().iter().map(|status| status.as_str()).collect();
        Self::new(Code::IllegalState, detail).with_member("current", current.as_str()).with_member("allowed", allowed)
    }
}

impl From<AttachmentRefusal> for Problem {
    fn from(refusal: AttachmentRefusal) -> Self {
        let detail = sentence(&refusal);
        match refusal {
            AttachmentRefusal::NotReady { current } => {
                Self::new(Code::IllegalState, detail).with_member("current", current.as_str())
            }
            AttachmentRefusal::TooManyFiles => Self::new(Code::TooManyFiles, detail),
            AttachmentRefusal::TooManyOrders => Self::new(Code::TooManyOrders, detail),
        }
    }
}

/// Tells the client whether trying again makes sense, and nothing of what is inside.
impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        let problem = match error.kind {
            PortErrorKind::Unavailable | PortErrorKind::TimedOut | PortErrorKind::Throttled => Self::new(
                Code::Unavailable,
                "Try again in a moment; with the same Idempotency-Key nothing happens twice.",
            )
            .retry_after(Duration::from_secs(1)),
            PortErrorKind::Corrupt | PortErrorKind::Rejected => {
                Self::new(Code::Internal, "The fault is logged under this request_id.")
            }
        };
        Self { cause: Some(Box::new(error)), ..problem }
    }
}

fn sentence(refusal: &impl std::fmt::Display) -> String {
    let text = refusal.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_has_every_member_and_the_cause_stays_inside() {
        let error = PortError::caused_by(PortErrorKind::Corrupt, "orders.get", "row 7 of table commerce-secret");
        let problem = Problem::from(error);
        let body: Value = serde_json::from_str(&problem.body("req_1")).expect("JSON");
        assert_eq!(
            body,
            json!({
                "type": "/docs/status-codes#internal_error",
                "title": "Something went wrong on our side",
                "status": 500,
                "detail": "The fault is logged under this request_id.",
                "code": "internal_error",
                "request_id": "req_1",
            })
        );
    }

    #[test]
    fn a_refused_move_names_the_state_and_the_allowed_ones() {
        use domain::order::OrderStatus;
        let refusal = OrderRefusal::IllegalMove { current: OrderStatus::Paid, allowed: OrderStatus::Paid.next() };
        let body: Value = serde_json::from_str(&Problem::from(refusal).body("req_1")).expect("JSON");
        assert_eq!((&body["status"], &body["current"]), (&json!(409), &json!("paid")));
        assert_eq!(body["allowed"], json!(["fulfilled", "refunded"]));
        assert_eq!(body["detail"], "The order is paid; from there it may become: fulfilled, refunded.");
    }
}
