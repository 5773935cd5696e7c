//! POST /v1/wallets: a wallet for a customer.

use app::wallets;
use domain::order::Customer;
use domain::wallet::NewWallet;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use ports::commerce::Commerce;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub commerce: &'a dyn Commerce,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::WALLETS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let wallet = fields::parse(&call.request.body, new_wallet)?;
    let context = call.context(deps.mint);
    Ok(wallets::create(&context, deps.commerce, call.caller.tenant, claim, wallet).await?.into())
}

fn new_wallet(fields: &mut Fields<'_>) -> Option<NewWallet> {
    let currency = fields.required("currency", values::currency);
    let customer = fields.optional_object("customer", customer);
    let metadata = fields.optional("metadata", values::metadata);
    Some(NewWallet { currency: currency?, customer, metadata: metadata.unwrap_or_default() })
}

fn customer(fields: &mut Fields<'_>) -> Option<Customer> {
    let email = fields.required("email", values::mailable_email);
    let name = fields.required("name", values::line);
    Some(Customer { email: email?, name: name? })
}
