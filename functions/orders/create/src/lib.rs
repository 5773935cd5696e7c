//! POST /v1/orders: takes an order in and computes its sums.

use app::orders;
use domain::order::{Customer, LINES_MAX, NewLine, NewOrder};
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
    serve(deps.gate, &routes::ORDERS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let order = fields::parse(&call.request.body, new_order)?;
    let context = call.context(deps.mint);
    Ok(orders::create(&context, deps.commerce, call.caller.tenant, claim, order).await?.into())
}

fn new_order(fields: &mut Fields<'_>) -> Option<NewOrder> {
    let currency = fields.required("currency", values::currency);
    let customer = fields.object("customer", customer);
    let lines = fields.objects("lines", LINES_MAX, line);
    let claimed_total = fields.optional("total_amount", values::integer);
    let metadata = fields.optional("metadata", values::metadata);
    Some(NewOrder {
        currency: currency?,
        customer: customer?,
        lines: lines?,
        claimed_total,
        metadata: metadata.unwrap_or_default(),
    })
}

fn customer(fields: &mut Fields<'_>) -> Option<Customer> {
    let email = fields.required("email", values::mailable_email);
    let name = fields.required("name", values::line);
    Some(Customer { email: email?, name: name? })
}

fn line(fields: &mut Fields<'_>) -> Option<NewLine> {
    let sku = fields.required("sku", values::line);
    let name = fields.required("name", values::line);
    let quantity = fields.required("quantity", values::quantity);
    let unit_amount = fields.required("unit_amount", values::amount);
    let claimed_amount = fields.optional("amount", values::integer);
    Some(NewLine { sku: sku?, name: name?, quantity: quantity?, unit_amount: unit_amount?, claimed_amount })
}
