//! A refund on the wire.

use std::collections::BTreeMap;

use domain::refund::Refund;
use serde::Serialize;

use crate::payment::FailureView;
use crate::{json, rfc3339};

#[derive(Serialize)]
struct RefundView<'a> {
    id: String,
    payment_id: String,
    order_id: Option<String>,
    status: &'static str,
    amount: i64,
    currency: &'static str,
    reason: Option<&'a str>,
    metadata: BTreeMap<&'a str, &'a str>,
    failure: Option<FailureView>,
    created_at: String,
    updated_at: String,
}

pub fn refund(refund: &Refund) -> String {
    let Refund {
        id,
        tenant: _,
        payment,
        order,
        money,
        reason,
        metadata,
        status,
        failure,
        provider_reference: _,
        check_at: _,
        created_at,
        updated_at,
        version: _,
    } = refund;
    json(&RefundView {
        id: id.to_string(),
        payment_id: payment.to_string(),
        order_id: order.map(|id| id.to_string()),
        status: status.as_str(),
        amount: money.amount.get(),
        currency: money.currency.code(),
        reason: reason.as_ref().map(|text| text.as_str()),
        metadata: metadata.iter().collect(),
        failure: failure.map(FailureView::from),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}
