//! A shop that has one of everything, so that every route has something to work on. All of it comes about through the API
//! and the workers.

use domain::access::{Caller, Role};
use domain::mail::{AddressHash, Refusal};
use domain::secret::Secret;
use ports::clock::Clock as _;
use ports::mail::MailBook as _;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::people::{LoggedIn, Shop};
use crate::tasks::run;
use crate::world::{EVENTS_SECRET, World};

#[derive(Debug, Clone)]
pub struct Furniture {
    pub shop: Shop,
    /// An operator with a session.
    pub member: LoggedIn,
    /// An order that nobody has paid.
    pub open_order: String,
    pub paid_order: String,
    /// Succeeded, of the paid order, [`Furniture::TOTAL`] in EUR; part of it has been refunded.
    pub payment: String,
    pub refund: String,
    /// Waiting to be captured, [`Furniture::TOTAL`] in EUR, of no order.
    pub authorized: String,
    /// Another such one.
    pub unwanted: String,
    /// Needs a response, of a payment of [`Furniture::TOTAL`].
    pub dispute: String,
    /// The provider tells of the disputed payment again.
    pub provider_event: Ask,
    pub account: &'static str,
    /// With nothing in it, in EUR.
    pub wallet: String,
    /// Of all that was done, with a line of the payment and one that nobody knows.
    pub statement: String,
    pub event: String,
    /// Ready.
    pub file: String,
    /// Ready, and attached to the open order.
    pub attached: String,
    /// Queued.
    pub job: String,
    /// Failed.
    pub failed_job: String,
    /// Waiting.
    pub dead_letter: String,
    /// Told of everything.
    pub schedule: String,
    pub endpoint: String,
    /// What the link in a mail to the customer carries.
    pub opt_out: String,
    /// An address that no mail goes to.
    pub refused: String,
}

impl Furniture {
    pub const TOTAL: i64 = 1_000;
    pub const REFUNDED: i64 = 300;

    pub fn of(world: &World, name: &str) -> Self {
        let shop = world.sign_up(name);
        let member = shop.add(world, Role::Operator);
        let owner = &shop.owner.caller;
        let wallet = world.wallet(owner, "EUR");
        world.connect(owner, "sandbox", &json!({ "rank": "first" })).ok(200);
        let open_order = world.order(owner, Self::TOTAL).id();
        let paid_order = world.order(owner, Self::TOTAL).id();
        let payment = world.pay(owner, Some(&paid_order), Self::TOTAL, "tok_success").id();
        let [authorized, unwanted] =
            [(); 2].map(|()| world.authorize_payment(owner, None, Self::TOTAL, "tok_success").id());
        world.run_until_quiet();
        let body = json!({ "amount": Self::REFUNDED });
        let refunds = format!("/v1/payments/{payment}/refunds");
        let refund = world.call(Ask::post(refunds, &body).by(owner).key(&format!("{name}-refund"))).ok(202).id();
        world.run_until_quiet();
        let disputed = world.pay(owner, None, Self::TOTAL, "tok_dispute").id();
        world.run_until_quiet();
        world.call(world.provider_tells(&shop.tenant, &disputed, "evt_opened")).ok(200);
        world.run_until_quiet();
        let dispute = world.call(Ask::get("/v1/disputes").by(owner)).ok(200).text("/data/0/id");
        let provider_event = world.provider_tells(&shop.tenant, &disputed, "evt_again");
        let statement = world.state(
            owner,
            &[
                json!({ "reference": payment, "kind": "charge", "amount": Self::TOTAL, "currency": "EUR" }),
                json!({ "reference": "ch_unknown", "kind": "charge", "amount": Self::TOTAL, "currency": "EUR" }),
            ],
        );
        let statement = statement.id();
        world.run_until_quiet();
        let events = world.call(Ask::get("/v1/events").by(owner)).ok(200);
        let event = events.text("/data/0/id");
        let [file, attached] = ["good.csv", "good.pdf"].map(|name| world.file(owner, name).id());
        world.run_until_quiet();
        world.attach(owner, &open_order, &attached).ok(201);
        world.run_until_quiet();
        let failed_job = world.failed_report(owner);
        let job = world.report(owner, "payments").id();
        let account = "acc_merchant_eur";
        let dead_letter = world.dead_letter(owner);
        let schedule = world.schedule(owner, "0 6 * * *").id();
        let endpoint = world.endpoint(owner, "https://hooks.shop.example/all", &json!({})).id();
        let mail = world.mailer.taken().into_iter().find_map(|mail| mail.opt_out).expect("the customer was told");
        let opt_out = mail.as_str().rsplit('=').next().unwrap_or_default().to_owned();
        let refused = AddressHash([7; 32]);
        let refuse = world.store.refuse(owner.tenant, refused, Refusal::Bounced, world.clock.now());
        run(refuse).expect("nothing fails yet");
        Self {
            shop,
            member,
            open_order,
            paid_order,
            payment,
            refund,
            authorized,
            unwanted,
            dispute,
            provider_event,
            account,
            wallet,
            statement,
            event,
            file,
            attached,
            job,
            failed_job,
            dead_letter,
            schedule,
            endpoint,
            opt_out,
            refused: refused.to_string(),
        }
    }

    pub fn owner(&self) -> &Caller {
        &self.shop.owner.caller
    }
}

/// The body of an order of one line in EUR.
pub(crate) fn order_body(amount: i64) -> Value {
    json!({
        "currency": "EUR",
        "customer": { "email": "casey@customer.example", "name": "Casey Customer" },
        "lines": [{ "sku": "TEA-250", "name": "Green tea, 250 g", "quantity": 1, "unit_amount": amount }],
    })
}

pub(crate) fn payment_body(order: Option<&str>, amount: i64, token: &str) -> Value {
    let method = json!({ "type": "card", "token": token });
    json!({ "order_id": order, "amount": amount, "currency": "EUR", "method": method })
}

/// The body that connects an account with Stripe.
pub fn stripe_body(rank: &str, api_key: &str) -> Value {
    json!({ "rank": rank, "api_key": api_key, "webhook_secret": "whsec_0123456789" })
}

pub(crate) fn statement_body(from: &str, to: &str, lines: &[Value]) -> Value {
    json!({ "provider": "sandbox", "from": from, "to": to, "lines": lines })
}

/// What scenarios do all the time, a verb each, with keys that nobody else has.
impl World {
    pub fn order(&self, caller: &Caller, amount: i64) -> Answer {
        self.call(Ask::post("/v1/orders", &order_body(amount)).by(caller)).ok(201)
    }

    pub fn pay(&self, caller: &Caller, order: Option<&str>, amount: i64, token: &str) -> Answer {
        self.call(self.payment(order, amount, token).by(caller)).ok(202)
    }

    /// A payment that is to be captured by hand.
    pub fn authorize_payment(&self, caller: &Caller, order: Option<&str>, amount: i64, token: &str) -> Answer {
        let mut body = payment_body(order, amount, token);
        body["capture"] = json!("manual");
        self.call(Ask::post("/v1/payments", &body).by(caller).key(&self.new_key())).ok(202)
    }

    /// A wallet with nothing in it.
    pub fn wallet(&self, caller: &Caller, currency: &str) -> String {
        let customer = json!({ "email": "casey@customer.example", "name": "Casey Customer" });
        let ask = Ask::post("/v1/wallets", &json!({ "currency": currency, "customer": customer }));
        self.call(ask.by(caller).key(&self.new_key())).ok(201).id()
    }

    /// A payment by card into a wallet, in EUR.
    pub fn top_up(&self, caller: &Caller, wallet: &str, amount: i64, token: &str) -> Answer {
        let mut body = payment_body(None, amount, token);
        body["top_up"] = json!({ "account_id": wallet });
        self.call(Ask::post("/v1/payments", &body).by(caller).key(&self.new_key())).ok(202)
    }

    /// The request of a payment out of a wallet, in EUR.
    pub fn wallet_payment(&self, wallet: &str, order: Option<&str>, amount: i64) -> Ask {
        let mut body = payment_body(order, amount, "");
        body["method"] = json!({ "type": "wallet", "account_id": wallet });
        Ask::post("/v1/payments", &body).key(&self.new_key())
    }

    pub fn connect(&self, caller: &Caller, provider: &str, body: &Value) -> Answer {
        self.call(Ask::new("PUT", format!("/v1/providers/{provider}")).json(body).by(caller))
    }

    /// The tenant's account with the second provider, which counts once a minute is over.
    pub fn connect_second(&self, caller: &Caller, rank: &str) {
        self.connect(caller, "stripe", &stripe_body(rank, "sk_test_account_0001")).ok(200);
    }

    /// The provider says of its own accord that there is news of a payment.
    pub fn provider_tells(&self, tenant: &str, payment: &str, event: &str) -> Ask {
        let data = json!({ "idempotency_key": format!("{payment}-1"), "client_reference": tenant });
        let body = json!({ "id": event, "type": "charge.updated", "data": data });
        let secret = Secret::new(EVENTS_SECRET);
        let signature = provider::sign(&secret, self.clock.now(), body.to_string().as_bytes());
        Ask::post("/v1/providers/sandbox/events", &body).header("sandbox-signature", &signature)
    }

    /// The request alone.
    pub fn payment(&self, order: Option<&str>, amount: i64, token: &str) -> Ask {
        Ask::post("/v1/payments", &payment_body(order, amount, token)).key(&self.new_key())
    }

    pub fn refund(&self, caller: &Caller, payment: &str, amount: i64) -> Answer {
        let ask = Ask::post(format!("/v1/payments/{payment}/refunds"), &json!({ "amount": amount }));
        self.call(ask.by(caller).key(&self.new_key()))
    }

    /// The provider's statement of all that was done until now.
    pub fn state(&self, caller: &Caller, lines: &[Value]) -> Answer {
        let body = statement_body("2000-01-01T00:00:00Z", &api::rfc3339(self.clock.now()), lines);
        self.call(Ask::post("/v1/statements", &body).by(caller).key(&self.new_key())).ok(202)
    }

    /// A payment of no order that has succeeded.
    pub fn paid(&self, caller: &Caller, amount: i64) -> String {
        let payment = self.pay(caller, None, amount, "tok_success").id();
        self.run_until_quiet();
        payment
    }

    /// A webhook endpoint; `settings` are what is beside its URL.
    pub fn endpoint(&self, caller: &Caller, url: &str, settings: &Value) -> Answer {
        let mut body = settings.clone();
        body["url"] = json!(url);
        self.call(Ask::post("/v1/webhook_endpoints", &body).by(caller).key(&self.new_key())).ok(201)
    }

    /// What `GET` shows of a resource.
    pub fn show(&self, caller: &Caller, path: &str) -> Value {
        self.call(Ask::get(path).by(caller)).ok(200).json
    }

    pub fn new_key(&self) -> String {
        self.id::<domain::ids::RequestId>().to_string()
    }
}
