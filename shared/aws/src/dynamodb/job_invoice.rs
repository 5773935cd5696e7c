//! What a document says, as a part of the job that has read it.

use domain::invoice::{Day, Invoice, InvoiceLine, Quantity};
use domain::money::Currency;
use domain::text::{Description, Name};
use serde::{Deserialize, Serialize};

use super::record::{Reader, Unreadable};

#[derive(Serialize, Deserialize)]
pub(super) struct InvoiceRecord {
    supplier: String,
    date: String,
    currency: String,
    lines: Vec<InvoiceLineRecord>,
    total: i64,
}

#[derive(Serialize, Deserialize)]
struct InvoiceLineRecord {
    description: String,
    quantity_thousandths: i64,
    unit_amount: i64,
    amount: i64,
}

impl From<&Invoice> for InvoiceRecord {
    fn from(invoice: &Invoice) -> Self {
        let Invoice { supplier, date, currency, lines, total } = invoice;
        let line = |line: &InvoiceLine| {
            let InvoiceLine { description, quantity, unit_amount, amount } = line;
            InvoiceLineRecord {
                description: description.as_str().to_owned(),
                quantity_thousandths: quantity.thousandths(),
                unit_amount: *unit_amount,
                amount: *amount,
            }
        };
        Self {
            supplier: supplier.as_str().to_owned(),
            date: date.to_string(),
            currency: currency.code().to_owned(),
            lines: lines.iter().map(line).collect(),
            total: *total,
        }
    }
}

impl InvoiceRecord {
    pub(super) fn read(self, reader: Reader) -> Result<Invoice, Unreadable> {
        let Self { supplier, date, currency, lines, total } = self;
        let line = |line: InvoiceLineRecord| {
            let InvoiceLineRecord { description, quantity_thousandths, unit_amount, amount } = line;
            Ok(InvoiceLine {
                description: reader.valid("invoice.description", Description::parse(&description))?,
                quantity: reader.known("invoice.quantity", Quantity::from_thousandths(quantity_thousandths))?,
                unit_amount,
                amount,
            })
        };
        Ok(Invoice {
            supplier: reader.valid("invoice.supplier", Name::parse(&supplier))?,
            date: reader.known("invoice.date", Day::parse(&date))?,
            currency: reader.valid("invoice.currency", Currency::parse(&currency))?,
            lines: lines.into_iter().map(line).collect::<Result<_, _>>()?,
            total,
        })
    }
}
