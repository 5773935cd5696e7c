//! POST /v1/payments: takes a payment in; a worker settles it.

use app::payments;
use domain::card_number;
use domain::field::Invalid;
use domain::money::Money;
use domain::payment::{Capture, Method, NewPayment, Route};
use domain::secret::Secret;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use ports::commerce::Commerce;
use serde_json::Value;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
    /// Whether there is a second provider for when the first cannot be reached.
    pub failover: bool,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::PAYMENTS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.claim()?;
    let payment = fields::parse(&call.request.body, new_payment)?;
    let context = call.context(deps.mint);
    let route = if deps.failover { Route::Open } else { Route::Only };
    Ok(payments::create(&context, deps.commerce, call.caller.tenant, claim, payment, route).await?.into())
}

fn new_payment(fields: &mut Fields<'_>) -> Option<NewPayment> {
    let order = fields.optional("order_id", values::id);
    let amount = fields.required("amount", values::amount);
    let currency = fields.required("currency", values::currency);
    let method = fields.object("method", method);
    let capture = fields.optional("capture", capture).unwrap_or(Capture::Automatic);
    let description = fields.optional("description", values::line);
    let metadata = fields.optional("metadata", values::metadata);
    Some(NewPayment {
        order,
        money: Money { amount: amount?, currency: currency? },
        method: method?,
        capture,
        description,
        metadata: metadata.unwrap_or_default(),
    })
}

fn method(fields: &mut Fields<'_>) -> Option<Method> {
    let kind = fields.required("type", method_type);
    let token = fields.required("token", token);
    kind?;
    Some(Method::Card { token: token? })
}

fn method_type(value: &Value) -> Result<(), Invalid> {
    match values::text(value)? {
        "card" => Ok(()),
        "wallet" => Err(Invalid::new("not_available", "wallets cannot be paid from yet: use a card")),
        _ => Err(Invalid::new("unknown_value", "must be card")),
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
