//! Accounts and entries on the wire. Amounts are signed: a credit is positive.

use domain::ledger::{AccountId, Balance, Entry};
use domain::time::Timestamp;
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct AccountView {
    id: String,
    kind: &'static str,
    currency: &'static str,
    posted_amount: i64,
    /// Of the present alone.
    pending_amount: Option<i64>,
    as_of: String,
}

pub fn account(balance: &Balance, as_of: Timestamp) -> String {
    let Balance { account, posted, pending } = *balance;
    view(account, posted, Some(pending), as_of)
}

/// An account as it was: what was pending then is not kept.
pub fn account_at(account: AccountId, posted: i64, at: Timestamp) -> String {
    view(account, posted, None, at)
}

fn view(account: AccountId, posted_amount: i64, pending_amount: Option<i64>, as_of: Timestamp) -> String {
    json(&AccountView {
        id: account.to_string(),
        kind: account.kind.as_str(),
        currency: account.currency.code(),
        posted_amount,
        pending_amount,
        as_of: rfc3339(as_of),
    })
}

#[derive(Serialize)]
struct EntryView {
    id: String,
    transaction_id: String,
    account_id: String,
    amount: i64,
    currency: &'static str,
    payment_id: Option<String>,
    created_at: String,
}

pub fn entry(entry: &Entry) -> String {
    let Entry { id, transaction, account, amount, payment, created_at } = entry;
    json(&EntryView {
        id: id.to_string(),
        transaction_id: transaction.to_string(),
        account_id: account.to_string(),
        amount: *amount,
        currency: account.currency.code(),
        payment_id: payment.map(|id| id.to_string()),
        created_at: rfc3339(*created_at),
    })
}
