//! The sandbox provider's API as a [`PaymentProvider`]. The card's token is in no error and in no `Debug`.

use async_trait::async_trait;
use domain::dispute::DisputeReport;
use domain::money::Money;
use domain::payment::Verdict;
use domain::refund::RefundVerdict;
use domain::text::Evidence;
use ports::PortError;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;

use crate::answer;
use crate::exchange::{self, Answer, Endpoint, ProviderConfig};

#[derive(Debug, Clone)]
pub struct HttpProvider(Endpoint);

#[derive(Serialize)]
struct ChargeBody<'a> {
    amount: i64,
    currency: &'a str,
    token: &'a str,
    capture: &'a str,
    client_reference: String,
}

#[derive(Serialize)]
struct CaptureBody {
    amount: i64,
}

#[derive(Serialize)]
struct EvidenceBody<'a> {
    evidence: &'a str,
}

#[derive(Serialize)]
struct RefundBody<'a> {
    charge: &'a str,
    amount: i64,
    currency: &'a str,
}

impl HttpProvider {
    /// `Rejected` for a base URL that is none and for a key that no header can carry.
    pub fn new(config: ProviderConfig) -> Result<Self, PortError> {
        Endpoint::over(config.client()?, config, []).map(Self)
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, ProviderError> {
        self.0.request(method, path, &[])
    }

    fn request_of_key(&self, method: Method, path: &[&str], key: &str) -> Result<RequestBuilder, ProviderError> {
        self.0.request(method, path, &[("idempotency_key", key)])
    }
}

async fn exchange(request: RequestBuilder) -> Result<(u16, Vec<u8>), ProviderError> {
    let Answer { status, headers: _, body } = exchange::exchange(request).await?;
    Ok((status, body))
}

#[async_trait]
impl PaymentProvider for HttpProvider {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        let Charge { key, tenant, money, token, capture } = charge;
        let body = ChargeBody {
            amount: money.amount.get(),
            currency: money.currency.code(),
            token: token.reveal(),
            capture: capture.as_str(),
            client_reference: tenant.to_string(),
        };
        let request = self.request(Method::POST, &["charges"])?.header("Idempotency-Key", key).json(&body);
        let (status, body) = exchange(request).await?;
        answer::charge(status, &body)
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::GET, &["charges"], &charge.key)?).await?;
        answer::charges(status, &body)
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        let request = self.request_of_key(Method::POST, &["charges", "capture"], &charge.key)?;
        let (status, body) = exchange(request.json(&CaptureBody { amount: money.amount.get() })).await?;
        answer::charge(status, &body)
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::POST, &["charges", "cancel"], &charge.key)?).await?;
        answer::charge(status, &body)
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        let RefundCharge { key, charge, money } = refund;
        let body = RefundBody { charge, amount: money.amount.get(), currency: money.currency.code() };
        let request = self.request(Method::POST, &["refunds"])?.header("Idempotency-Key", key).json(&body);
        let (status, body) = exchange(request).await?;
        answer::refund(status, &body)
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::GET, &["charges"], &charge.key)?).await?;
        answer::disputes(status, &body)
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        let body = EvidenceBody { evidence: evidence.as_str() };
        let request = self.request(Method::POST, &["disputes", reference, "answer"])?.json(&body);
        let (status, body) = exchange(request).await?;
        answer::dispute(status, &body)
    }

    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError> {
        let (status, body) = exchange(self.request_of_key(Method::GET, &["refunds"], &refund.key)?).await?;
        answer::refunds(status, &body)
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
