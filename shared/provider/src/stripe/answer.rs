//! What an answer of Stripe's means. Pure: a status, `Stripe-Should-Retry` and a body come in. Objects are read by the few
//! fields that are needed (<https://docs.stripe.com/api/payment_intents/object>,
//! <https://docs.stripe.com/api/errors>). Nothing of a body gets into an error but a code in Stripe's own form.

use std::collections::BTreeMap;

use domain::connection::ProviderName;
use domain::payment::{DeclineCode, Verdict};
use ports::provider::ProviderError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::amount;
use super::decline;
use crate::exchange::{Answer, code_of, refusing};

#[derive(Debug, Deserialize)]
pub(super) struct Intent {
    pub id: String,
    pub status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    last_payment_error: Option<Failure>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl Intent {
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.metadata.get("key").is_some_and(|its| its == key)
    }
}

#[derive(Deserialize)]
pub(super) struct Account {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

#[derive(Deserialize)]
struct Problem {
    error: Failure,
}

/// An answer of success that cannot be read is no answer: the money may have moved.
pub(super) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, ProviderError> {
    match answer.status {
        200..=299 => serde_json::from_slice(&answer.body).map_err(|_| ProviderError::TimedOut),
        _ => Err(refused(answer)),
    }
}

/// An answer that is none of success. Stripe saves the first answer under a key and repeats it, a 500 too; so what may have
/// had its effect is unknown unless `Stripe-Should-Retry` says that the same request may be made again
/// (<https://docs.stripe.com/error-low-level>).
pub(super) fn refused(answer: &Answer) -> ProviderError {
    let status = answer.status;
    match status {
        // A key that is none, was revoked, or may not do this (<https://docs.stripe.com/api/errors>).
        401 | 403 => ProviderError::KeyRefused(ProviderName::Stripe),
        // Before the endpoint ran: the rate limiter, a lock that another request holds, a key that is in use.
        409 | 429 => refusing(status),
        500..=599 if should_retry(answer) => refusing(status),
        408 | 424 | 500..=599 => ProviderError::TimedOut,
        _ => {
            ProviderError::Rejected(failure(answer).and_then(Failure::name).unwrap_or_else(|| format!("http_{status}")))
        }
    }
}

/// A step that was refused while it could still be taken: as it was asked for, it will always be.
pub(super) fn will_not(answer: &Answer) -> ProviderError {
    ProviderError::Refused(failure(answer).map_or(DeclineCode::Other, |failure| failure.decline()))
}

fn should_retry(answer: &Answer) -> bool {
    answer.headers.get("stripe-should-retry").is_some_and(|value| value == "true")
}

pub(super) fn failure(answer: &Answer) -> Option<Failure> {
    serde_json::from_slice(&answer.body).ok().map(|Problem { error }| error)
}

impl Failure {
    /// What it is called in an error of ours.
    fn name(self) -> Option<String> {
        let name = self.code.or(self.kind)?;
        code_of(&name).map(str::to_owned)
    }

    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(super) fn param(&self) -> Option<&str> {
        self.param.as_deref()
    }

    pub(super) fn decline(&self) -> DeclineCode {
        let code = self.decline_code.as_deref().or(self.code.as_deref());
        code.map_or(DeclineCode::Other, decline::code)
    }

    /// A charge that was refused before it was tried, for a reason that the same request will always have.
    fn final_refusal(&self) -> Option<DeclineCode> {
        match (self.code.as_deref(), self.param.as_deref()) {
            (Some("resource_missing"), Some("payment_method")) => Some(DeclineCode::InvalidToken),
            (_, Some("currency")) => Some(DeclineCode::CurrencyNotSupported),
            (Some(code), _) => Some(decline::code(code)).filter(|code| *code != DeclineCode::Other),
            _ => None,
        }
    }
}

/// The intent of a charge that was declined at once; its error has it.
pub(super) fn declined_intent(answer: &Answer) -> Option<Intent> {
    #[derive(Deserialize)]
    struct Declined {
        error: OfIntent,
    }
    #[derive(Deserialize)]
    struct OfIntent {
        payment_intent: Intent,
    }
    let is_declined = answer.status == 402;
    is_declined
        .then(|| serde_json::from_slice(&answer.body).ok())
        .flatten()
        .map(|told: Declined| told.error.payment_intent)
}

/// The answer to a charge made, or made again under its key.
pub(super) fn charge(answer: &Answer) -> Result<Verdict, ProviderError> {
    match answer.status {
        402 => Ok(Verdict::Declined { code: failure(answer).map_or(DeclineCode::Other, |failure| failure.decline()) }),
        400 => match failure(answer).and_then(|failure| failure.final_refusal()) {
            Some(code) => Ok(Verdict::Declined { code }),
            None => Err(refused(answer)),
        },
        _ => verdict(&read(answer)?),
    }
}

/// What an intent has come to. One that is processing has not come to anything yet, and an amount that cannot be read is no
/// answer: both are to be asked after.
pub(super) fn verdict(intent: &Intent) -> Result<Verdict, ProviderError> {
    let reference = intent.id.clone();
    let declined = intent.last_payment_error.as_ref().map(|error| Verdict::Declined { code: error.decline() });
    match intent.status.as_str() {
        "succeeded" => {
            let money = amount::from_stripe(intent.amount_received, &intent.currency).ok_or(ProviderError::TimedOut)?;
            Ok(Verdict::Succeeded { reference, captured: money.amount })
        }
        "requires_capture" => Ok(Verdict::Authorized { reference }),
        "requires_action" | "requires_source_action" | "requires_confirmation" => {
            Ok(Verdict::RequiresAction { reference })
        }
        "requires_payment_method" | "requires_source" => Ok(declined.unwrap_or(Verdict::RequiresAction { reference })),
        "canceled" => Ok(declined.unwrap_or(Verdict::Cancelled)),
        _ => Err(ProviderError::TimedOut),
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
