//! Bodies with a meaningful default in every field, and values that no other test has.

use serde_json::{Value, json};

/// Letters alone: sixteen digits might pass for a card number, which is refused.
pub fn unique() -> String {
    std::iter::repeat_with(fastrand::lowercase).take(16).collect()
}

pub fn unique_email() -> String {
    format!("e2e-{}@shop.example", unique())
}

pub fn password() -> String {
    format!("quince-{}-harbour", unique())
}

pub fn new_key() -> String {
    format!("key-{}", unique())
}

/// An order of one line.
pub fn order_of(amount: i64, currency: &str) -> Value {
    json!({
        "currency": currency,
        "customer": { "email": "casey@customer.example", "name": "Casey Customer" },
        "lines": [{ "sku": "TEA-250", "name": "Green tea, 250 g", "quantity": 1, "unit_amount": amount }],
    })
}

/// A payment of nothing in particular.
pub fn payment_of(amount: i64, currency: &str, token: &str) -> Value {
    json!({ "amount": amount, "currency": currency, "method": { "type": "card", "token": token } })
}

/// A payment out of a wallet of euros.
pub fn wallet_payment_of(amount: i64, wallet: &Value) -> Value {
    json!({ "amount": amount, "currency": "EUR", "method": { "type": "wallet", "account_id": wallet["id"] } })
}

/// `body` with metadata of one pair.
pub fn metadata_of(mut body: Value, key: &str, value: &str) -> Value {
    body["metadata"] = json!({ key: value });
    body
}
