//! A payment on the wire. What is kept for the machinery alone (tries, what is unknown, when to ask) is not shown.

use std::collections::BTreeMap;

use domain::ids::WalletId;
use domain::ledger::{AccountId, AccountKind};
use domain::money::Currency;
use domain::payment::{DeclineCode, Method, Payment};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct PaymentView<'a> {
    id: String,
    status: &'static str,
    amount: i64,
    currency: &'static str,
    amount_captured: i64,
    amount_refunded: i64,
    amount_disputed: i64,
    amount_fee: i64,
    order_id: Option<String>,
    method: MethodView,
    top_up: Option<TopUpView>,
    capture: &'static str,
    capture_before: Option<String>,
    description: Option<&'a str>,
    failure: Option<FailureView>,
    metadata: BTreeMap<&'a str, &'a str>,
    created_at: String,
    updated_at: String,
}

/// The token is a secret between the client and its provider: it is taken, never shown.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MethodView {
    Card,
    Wallet { account_id: String },
}

#[derive(Serialize)]
struct TopUpView {
    account_id: String,
}

#[derive(Serialize)]
pub(crate) struct FailureView {
    code: &'static str,
    message: &'static str,
    retryable: bool,
}

impl From<DeclineCode> for FailureView {
    fn from(code: DeclineCode) -> Self {
        Self { code: code.as_str(), message: code.message(), retryable: code.retryable() }
    }
}

pub fn payment(payment: &Payment) -> String {
    let Payment {
        id,
        tenant: _,
        order,
        money,
        method,
        top_up,
        capture,
        description,
        metadata,
        status,
        asked: _,
        capture_before,
        failure,
        captured,
        refunded,
        refunds_pending: _,
        fee,
        disputed,
        disputes: _,
        route: _,
        attempt: _,
        unknown_since: _,
        provider_reference: _,
        check_at: _,
        created_at,
        updated_at,
        version: _,
    } = payment;
    json(&PaymentView {
        id: id.to_string(),
        status: status.as_str(),
        amount: money.amount.get(),
        currency: money.currency.code(),
        amount_captured: *captured,
        amount_refunded: *refunded,
        amount_disputed: *disputed,
        amount_fee: *fee,
        order_id: order.map(|id| id.to_string()),
        method: match method {
            Method::Card { token: _ } => MethodView::Card,
            Method::Wallet { wallet } => MethodView::Wallet { account_id: account_id(*wallet, money.currency) },
        },
        top_up: top_up.map(|wallet| TopUpView { account_id: account_id(wallet, money.currency) }),
        capture: capture.as_str(),
        capture_before: capture_before.map(rfc3339),
        description: description.as_ref().map(|text| text.as_str()),
        failure: failure.map(FailureView::from),
        metadata: metadata.iter().collect(),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

fn account_id(wallet: WalletId, currency: Currency) -> String {
    AccountId { kind: AccountKind::Wallet(wallet), currency }.to_string()
}
