//! A wallet on the wire: the account and whose it is.

use std::collections::BTreeMap;

use domain::wallet::Wallet;
use serde::Serialize;

use crate::order::CustomerView;
use crate::{json, rfc3339};

#[derive(Serialize)]
struct WalletView<'a> {
    id: String,
    kind: &'static str,
    currency: &'static str,
    customer: Option<CustomerView<'a>>,
    metadata: BTreeMap<&'a str, &'a str>,
    posted_amount: i64,
    pending_amount: i64,
    available_amount: i64,
    created_at: String,
}

pub fn wallet(wallet: &Wallet) -> String {
    let Wallet { id: _, tenant: _, currency, customer, metadata, posted, pending, created_at } = wallet;
    let account = wallet.account();
    json(&WalletView {
        id: account.to_string(),
        kind: account.kind.as_str(),
        currency: currency.code(),
        customer: customer.as_ref().map(CustomerView::from),
        metadata: metadata.iter().collect(),
        posted_amount: *posted,
        pending_amount: *pending,
        available_amount: wallet.available(),
        created_at: rfc3339(*created_at),
    })
}
