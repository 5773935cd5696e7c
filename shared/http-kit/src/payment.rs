//! The body of a payment, as `POST /payments` and `POST /payments/bulk` take it.

use domain::card_number;
use domain::field::Invalid;
use domain::ids::WalletId;
use domain::ledger::{AccountId, AccountKind};
use domain::money::{Currency, Money};
use domain::payment::{Capture, Method, NewPayment};
use domain::secret::Secret;
use serde_json::Value;

use crate::fields::Fields;
use crate::values;

/// How many payments one call may ask for.
pub const BULK_MAX: usize = 100;

pub fn new_payment(fields: &mut Fields<'_>) -> Option<NewPayment> {
    let order = fields.optional("order_id", values::id);
    let amount = fields.required("amount", values::amount);
    let currency = fields.required("currency", values::currency);
    let method = fields.object("method", |fields| method(fields, currency));
    let top_up = top_up(fields, currency, method.as_ref(), order.is_some());
    let capture = fields.optional("capture", capture);
    let is_wallet = matches!(method, Some(Method::Wallet { .. }));
    fields.check("capture", capture, |capture| match capture {
        Capture::Manual if is_wallet => Err(Invalid::new("not_available", "must be automatic: a wallet pays at once")),
        Capture::Manual | Capture::Automatic => Ok(()),
    });
    let description = fields.optional("description", values::line);
    let metadata = fields.optional("metadata", values::metadata);
    Some(NewPayment {
        order,
        money: Money { amount: amount?, currency: currency? },
        method: method?,
        top_up,
        capture: capture.unwrap_or(Capture::Automatic),
        description,
        metadata: metadata.unwrap_or_default(),
    })
}

enum MethodType {
    Card,
    Wallet,
}

/// The other type's field is unknown to the one. Without a type nobody can tell.
fn method(fields: &mut Fields<'_>, currency: Option<Currency>) -> Option<Method> {
    match fields.required("type", method_type) {
        Some(MethodType::Card) => Some(Method::Card { token: fields.required("token", token)? }),
        Some(MethodType::Wallet) => Some(Method::Wallet { wallet: wallet(fields, currency)? }),
        None => {
            for name in ["token", "account_id"] {
                fields.optional(name, |_| Ok(()));
            }
            None
        }
    }
}

fn top_up(
    fields: &mut Fields<'_>,
    currency: Option<Currency>,
    method: Option<&Method>,
    has_order: bool,
) -> Option<WalletId> {
    let wallet = fields.optional_object("top_up", |fields| wallet(fields, currency));
    let is_wallet = matches!(method, Some(Method::Wallet { .. }));
    fields.check("top_up", wallet, |_| match (has_order, is_wallet) {
        (true, _) => Err(Invalid::new("exclusive", "cannot be combined with order_id: it pays for no order")),
        (_, true) => Err(Invalid::new("exclusive", "cannot be combined with a wallet as the method")),
        (false, false) => Ok(()),
    })
}

/// A wallet of the payment's currency, which its account id names.
fn wallet(fields: &mut Fields<'_>, currency: Option<Currency>) -> Option<WalletId> {
    fields.required("account_id", |value| {
        let account: AccountId = values::id(value)?;
        let AccountKind::Wallet(wallet) = account.kind else {
            return Err(Invalid::new("invalid_id", "must be the account id of a wallet"));
        };
        if currency.is_some_and(|currency| currency != account.currency) {
            return Err(Invalid::new("currency_mismatch", "must be a wallet of the payment's currency"));
        }
        Ok(wallet)
    })
}

fn method_type(value: &Value) -> Result<MethodType, Invalid> {
    match values::text(value)? {
        "card" => Ok(MethodType::Card),
        "wallet" => Ok(MethodType::Wallet),
        _ => Err(Invalid::new("unknown_value", "must be card or wallet")),
    }
}

fn token(value: &Value) -> Result<Secret, Invalid> {
    let token = values::secret(value)?;
    card_number::refuse(token.reveal())?;
    Ok(token)
}

fn capture(value: &Value) -> Result<Capture, Invalid> {
    Capture::parse(values::text(value)?).ok_or_else(|| Invalid::new("unknown_value", "must be automatic or manual"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields;

    const WALLET: &str = "acc_wallet_00000000000000000000000007_eur";

    fn faults(method: &str, more: &str) -> Vec<String> {
        let body = format!(r#"{{"amount":5,"currency":"EUR","method":{method}{more}}}"#);
        let problem = fields::parse(body.as_bytes(), new_payment).err();
        problem.into_iter().flat_map(|problem| problem.errors).map(|e| format!("{} {}", e.pointer, e.code)).collect()
    }

    #[test]
    fn what_may_be_combined() {
        let card = r#"{"type":"card","token":"tok_success"}"#;
        let wallet = format!(r#"{{"type":"wallet","account_id":"{WALLET}"}}"#);
        let dollars = wallet.replace("_eur", "_usd");
        let top_up = format!(r#","top_up":{{"account_id":"{WALLET}"}}"#);
        let order = r#","order_id":"ord_00000000000000000000000001""#;
        for (method, more, expected) in [
            (card, String::new(), vec![]),
            (card, top_up.clone(), vec![]),
            (card, format!(r#"{top_up},"capture":"manual""#), vec![]),
            (card, r#","top_up":null"#.to_owned(), vec![]),
            (card, format!("{top_up}{order}"), vec!["/top_up exclusive"]),
            (card, r#","top_up":{"account_id":"acc_merchant_eur"}"#.to_owned(), vec!["/top_up/account_id invalid_id"]),
            (card, r#","top_up":"x""#.to_owned(), vec!["/top_up invalid_type"]),
            (&wallet, order.to_owned(), vec![]),
            (&wallet, top_up.clone(), vec!["/top_up exclusive"]),
            (&wallet, r#","capture":"manual""#.to_owned(), vec!["/capture not_available"]),
            (&dollars, String::new(), vec!["/method/account_id currency_mismatch"]),
            (r#"{"type":"wallet"}"#, String::new(), vec!["/method/account_id required"]),
            (
                r#"{"type":"card","token":"t","account_id":"x"}"#,
                String::new(),
                vec!["/method/account_id unknown_field"],
            ),
            (r#"{"type":"cash","token":"t"}"#, String::new(), vec!["/method/type unknown_value"]),
        ] {
            assert_eq!(faults(method, &more), expected, "{method} {more}");
        }
    }
}
