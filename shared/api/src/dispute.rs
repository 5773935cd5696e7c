//! A dispute on the wire.

use domain::dispute::Dispute;
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct DisputeView<'a> {
    id: String,
    payment_id: String,
    status: &'static str,
    amount: i64,
    currency: &'static str,
    reason: &'static str,
    respond_by: Option<String>,
    evidence: Option<&'a str>,
    created_at: String,
    updated_at: String,
}

pub fn dispute(dispute: &Dispute) -> String {
    let Dispute {
        id,
        tenant: _,
        payment,
        money,
        reason,
        status,
        respond_by,
        evidence,
        evidence_sent: _,
        provider_reference: _,
        check_at: _,
        created_at,
        updated_at,
        version: _,
    } = dispute;
    json(&DisputeView {
        id: id.to_string(),
        payment_id: payment.to_string(),
        status: status.as_str(),
        amount: money.amount.get(),
        currency: money.currency.code(),
        reason: reason.as_str(),
        respond_by: respond_by.map(rfc3339),
        evidence: evidence.as_ref().map(|evidence| evidence.as_str()),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

#[derive(Serialize)]
struct ProviderEventView<'a> {
    id: &'a str,
    provider: &'a str,
    payment_id: String,
}

/// What a provider told, as the tenant's own events show it.
pub fn provider_event(id: &str, provider: &str, payment: domain::ids::PaymentId) -> String {
    json(&ProviderEventView { id, provider, payment_id: payment.to_string() })
}
