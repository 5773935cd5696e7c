//! An order on the wire.

use std::collections::BTreeMap;

use domain::order::{Customer, Line, Order};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct OrderView<'a> {
    id: String,
    status: &'static str,
    currency: &'static str,
    total_amount: i64,
    amount_paid: i64,
    amount_refunded: i64,
    outstanding_amount: i64,
    customer: CustomerView<'a>,
    lines: Vec<LineView<'a>>,
    metadata: BTreeMap<&'a str, &'a str>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
pub(crate) struct CustomerView<'a> {
    email: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct LineView<'a> {
    sku: &'a str,
    name: &'a str,
    quantity: u32,
    unit_amount: i64,
    amount: i64,
}

pub fn order(order: &Order) -> String {
    let Order {
        id,
        tenant: _,
        status,
        customer,
        lines,
        total,
        held: _,
        paid,
        refunded,
        metadata,
        created_at,
        updated_at,
        version: _,
    } = order;
    json(&OrderView {
        id: id.to_string(),
        status: status.as_str(),
        currency: total.currency.code(),
        total_amount: total.amount.get(),
        amount_paid: *paid,
        amount_refunded: *refunded,
        outstanding_amount: order.outstanding(),
        customer: CustomerView::from(customer),
        lines: lines.iter().map(line).collect(),
        metadata: metadata.iter().collect(),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

impl<'a> From<&'a Customer> for CustomerView<'a> {
    fn from(customer: &'a Customer) -> Self {
        let Customer { email, name } = customer;
        Self { email: email.as_str(), name: name.as_str() }
    }
}

fn line(line: &Line) -> LineView<'_> {
    let Line { sku, name, quantity, unit_amount, amount } = line;
    LineView {
        sku: sku.as_str(),
        name: name.as_str(),
        quantity: *quantity,
        unit_amount: unit_amount.get(),
        amount: amount.get(),
    }
}
