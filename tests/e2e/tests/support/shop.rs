//! A tenant of the test's own with its users, and what a party does, a verb each.

use std::ops::Deref;

use serde_json::{Value, json};

use super::{Answer, Call, Party, SOON, TestApp, eventually, new_key, order_of, password, payment_of, unique_email};

/// A tenant, seen through its owner.
pub struct Shop {
    pub tenant: String,
    pub owner: User,
    pub(super) app: TestApp,
}

/// Somebody who is logged in.
pub struct User {
    pub party: Party,
    pub id: String,
    pub email: String,
    pub password: String,
    pub session: String,
    pub refresh_token: String,
}

impl Deref for Shop {
    type Target = Party;

    fn deref(&self) -> &Party {
        &self.owner.party
    }
}

impl Deref for User {
    type Target = Party;

    fn deref(&self) -> &Party {
        &self.party
    }
}

impl Shop {
    /// One more user, logged in.
    pub async fn add(&self, role: &str) -> User {
        let (email, password) = (unique_email(), password());
        let body = json!({ "email": email, "name": "Uma User", "role": role, "password": password });
        let shown = self.post("/users").json(&body).await.ok(201);
        self.app.user(&shown, &password).await
    }
}

impl Party {
    /// A webhook endpoint, with its secret; `settings` are what is beside its URL.
    pub async fn endpoint(&self, url: &str, settings: &Value) -> Value {
        let mut body = settings.clone();
        body["url"] = json!(url);
        self.post("/webhook_endpoints").key(&new_key()).json(&body).await.ok(201)
    }

    /// An open order of one line.
    pub async fn order(&self, amount: i64, currency: &str) -> Value {
        self.post("/orders").json(&order_of(amount, currency)).await.ok(201)
    }

    /// A payment with a key of its own.
    pub fn pay(&self, payment: &Value) -> Call {
        self.post("/payments").key(&new_key()).json(payment)
    }

    /// All of an order is to be paid.
    pub async fn pay_order(&self, order: &Value, token: &str) -> Value {
        let amount = order["total_amount"].as_i64().expect("a total");
        let mut payment = payment_of(amount, order["currency"].as_str().expect("a currency"), token);
        payment["order_id"] = order["id"].clone();
        self.pay(&payment).await.ok(202)
    }

    /// A payment of no order that has succeeded.
    pub async fn paid(&self, amount: i64, currency: &str) -> Value {
        let payment = self.pay(&payment_of(amount, currency, "tok_success")).await.ok(202);
        self.payment_in("succeeded", &payment).await
    }

    /// The dispute of a payment whose customer wanted the money back at once.
    pub async fn disputed(&self, amount: i64) -> Value {
        let payment = self.pay(&payment_of(amount, "EUR", "tok_dispute")).await.ok(202);
        eventually("a dispute", SOON, async || {
            let disputes = self.all("/disputes").await;
            let of_payment = disputes.into_iter().find(|dispute| dispute["payment_id"] == payment["id"]);
            of_payment.ok_or_else(|| "no dispute yet".to_owned())
        })
        .await
    }

    /// Waits until the dispute has this status.
    pub async fn dispute_in(&self, status: &str, dispute: &Value) -> Value {
        let path = format!("/disputes/{}", dispute["id"].as_str().expect("an id"));
        eventually(&format!("a dispute that is {status}"), SOON, async || {
            let shown = self.get(&path).await.ok(200);
            if shown["status"] == status { Ok(shown) } else { Err(shown.to_string()) }
        })
        .await
    }

    /// An order that is paid, and the payment that did it.
    pub async fn paid_order(&self, amount: i64) -> (Value, Value) {
        let order = self.order(amount, "EUR").await;
        let payment = self.pay_order(&order, "tok_success").await;
        let payment = self.payment_in("succeeded", &payment).await;
        (self.order_in("paid", &order).await, payment)
    }

    /// A wallet with nothing in it.
    pub async fn wallet(&self, currency: &str) -> Value {
        self.post("/wallets").json(&json!({ "currency": currency })).await.ok(201)
    }

    /// A wallet with so much in it, and the card payment that put it there.
    pub async fn filled_wallet(&self, amount: i64) -> (Value, Value) {
        let wallet = self.wallet("EUR").await;
        let mut top_up = payment_of(amount, "EUR", "tok_success");
        top_up["top_up"] = json!({ "account_id": wallet["id"] });
        let top_up = self.pay(&top_up).await.ok(202);
        (wallet, self.payment_in("succeeded", &top_up).await)
    }

    /// A refund with a key of its own.
    pub fn refund(&self, payment: &Value, refund: &Value) -> Call {
        self.post(format!("{}/refunds", path_of(payment))).key(&new_key()).json(refund)
    }

    /// The payment as it is now.
    pub async fn payment(&self, payment: &Value) -> Value {
        self.get(path_of(payment)).await.ok(200)
    }

    pub async fn payment_in(&self, status: &str, payment: &Value) -> Value {
        self.in_status(status, path_of(payment)).await
    }

    /// The payment with the provider's word.
    pub async fn settled(&self, payment: &Value) -> Value {
        eventually("a settled payment", SOON, async || {
            let payment = self.payment(payment).await;
            if payment["status"] == "processing" { Err(payment.to_string()) } else { Ok(payment) }
        })
        .await
    }

    pub async fn order_in(&self, status: &str, order: &Value) -> Value {
        self.in_status(status, format!("/orders/{}", id(order))).await
    }

    /// The resource once it has come to this status.
    pub async fn in_status(&self, status: &str, path: String) -> Value {
        eventually(&format!("{path} in {status}"), SOON, async || {
            let shown = self.get(&path).await.ok(200);
            if shown["status"] == status { Ok(shown) } else { Err(shown.to_string()) }
        })
        .await
    }

    /// The only refund of a payment, once it is settled.
    pub async fn settled_refunds(&self, payment: &Value) -> Vec<Value> {
        let path = format!("{}/refunds", path_of(payment));
        eventually("settled refunds", SOON, async || {
            let refunds = self.all(&path).await;
            let is_settled = refunds.iter().all(|refund| refund["status"] != "processing");
            if is_settled { Ok(refunds) } else { Err(Value::from(refunds).to_string()) }
        })
        .await
    }

    /// Posted and pending amount of an account.
    pub async fn balance(&self, account: &str) -> (i64, i64) {
        let shown = self.get(format!("/accounts/{account}")).await.ok(200);
        let amount = |name: &str| shown[name].as_i64().unwrap_or_else(|| panic!("no {name}: {shown}"));
        (amount("posted_amount"), amount("pending_amount"))
    }

    /// All items of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mark = if path.contains('?') { '&' } else { '?' };
        let mut page = self.get(format!("{path}{mark}limit=100")).await;
        let mut items = Vec::new();
        loop {
            items.extend(page.ok(200)["data"].as_array().cloned().expect("a list's data"));
            let Some(next) = next_of(&page) else { return items };
            page = self.follow(&next).await;
        }
    }

    /// The events about one subject, oldest first.
    pub async fn events_of(&self, subject: &Value) -> Vec<Value> {
        let mut events = self.all("/events").await;
        events.retain(|event| event["data"]["object"]["id"] == subject["id"]);
        events.reverse();
        events
    }
}

/// The path that the `Link` to the next page names, where there is one.
pub fn next_of(page: &Answer) -> Option<String> {
    let link = page.header("link")?;
    let target = link.strip_suffix(">; rel=\"next\"").and_then(|link| link.strip_prefix('<'));
    Some(target.unwrap_or_else(|| panic!("no link to a next page: {page}")).to_owned())
}

pub fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id: {resource}"))
}

fn path_of(payment: &Value) -> String {
    format!("/payments/{}", id(payment))
}
