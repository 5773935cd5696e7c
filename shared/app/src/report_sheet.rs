//! A report's rows as a document for people: the columns that matter, amounts in their currency's form, what they come to. It is
//! made of the lines that the other format is, so that a worker that stops leaves the same behind for both.

use std::collections::BTreeMap;

use domain::ids::JobId;
use domain::listing::{Listing, ListingRow, ListingTotal};
use domain::money::Currency;
use domain::task::{Report, ReportKind};
use domain::text::Name;
use domain::time::Timestamp;

use crate::work::WorkError;

/// What a document is of, beside its rows.
pub(crate) struct Heading {
    pub(crate) merchant: Name,
    pub(crate) job: JobId,
    pub(crate) made_at: Timestamp,
}

/// Of a report's lines, the header among them.
pub(crate) fn listing(heading: Heading, report: &Report, lines: &[u8]) -> Result<Listing, WorkError> {
    let Heading { merchant, job, made_at } = heading;
    let mut totals = Totals::default();
    let mut rows = Vec::new();
    for record in csv::Reader::from_reader(lines).records() {
        let record = record.map_err(|_| unreadable())?;
        let cells: Vec<&str> = record.iter().collect();
        rows.push(match report.kind {
            ReportKind::Payments => payment(&cells, &mut totals)?,
            ReportKind::Ledger => entry(&cells, &mut totals)?,
        });
    }
    let (title, columns) = match report.kind {
        ReportKind::Payments => ("Payments", vec!["Payment", "Created (UTC)", "Status", "Captured", "Refunded"]),
        ReportKind::Ledger => ("Ledger entries", vec!["Account", "Created (UTC)", "Amount"]),
    };
    let of_currency = report.currency.map(|currency| format!(", {currency} alone")).unwrap_or_default();
    let about = format!(
        "{} until before {}{of_currency}",
        minute(&api::rfc3339(report.from)),
        minute(&api::rfc3339(report.to))
    );
    Ok(Listing { merchant, id: job.to_string(), title, about, made_at, columns, rows, totals: totals.lines() })
}

/// By currency, and by what it is a total of.
#[derive(Default)]
struct Totals(BTreeMap<(Currency, &'static str), i64>);

impl Totals {
    fn add(&mut self, currency: Currency, what: &'static str, amount: i64) {
        let sum = self.0.entry((currency, what)).or_default();
        *sum = sum.saturating_add(amount);
    }

    fn lines(self) -> Vec<ListingTotal> {
        let line = |((currency, what), sum): ((Currency, &str), i64)| ListingTotal {
            label: format!("{currency} {what}"),
            value: money(currency, sum),
        };
        self.0.into_iter().map(line).collect()
    }
}

fn payment(cells: &[&str], totals: &mut Totals) -> Result<ListingRow, WorkError> {
    let [id, created_at, status, _, currency, captured, refunded, _, _, _, _, description] = cells else {
        return Err(unreadable());
    };
    let currency = Currency::parse(currency).map_err(|_| unreadable())?;
    let (captured, refunded) = (amount(captured)?, amount(refunded)?);
    totals.add(currency, "captured", captured);
    totals.add(currency, "refunded", refunded);
    Ok(ListingRow {
        cells: vec![
            (*id).to_owned(),
            minute(created_at),
            status.replace('_', " "),
            money(currency, captured),
            money(currency, refunded),
        ],
        below: (!description.is_empty()).then(|| (*description).to_owned()),
    })
}

fn entry(cells: &[&str], totals: &mut Totals) -> Result<ListingRow, WorkError> {
    let [created_at, account, _, _, payment, value, currency] = cells else { return Err(unreadable()) };
    let currency = Currency::parse(currency).map_err(|_| unreadable())?;
    let value = amount(value)?;
    totals.add(currency, if value < 0 { "taken" } else { "given" }, value);
    Ok(ListingRow {
        cells: vec![(*account).to_owned(), minute(created_at), money(currency, value)],
        below: (!payment.is_empty()).then(|| (*payment).to_owned()),
    })
}

/// `2026-03-05 10:00` of an RFC 3339 time.
fn minute(time: &str) -> String {
    time.chars().take(16).map(|character| if character == 'T' { ' ' } else { character }).collect()
}

fn money(currency: Currency, minor_units: i64) -> String {
    format!("{currency} {}", currency.decimal(minor_units))
}

fn amount(text: &str) -> Result<i64, WorkError> {
    text.parse().map_err(|_| unreadable())
}

fn unreadable() -> WorkError {
    WorkError::Poison("a line of a report cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use domain::task::ReportFormat;

    use super::*;

    fn report(kind: ReportKind) -> Report {
        let (from, to) = (Timestamp::from_ms(0), Timestamp::from_ms(86_400_000));
        Report { kind, from, to, format: ReportFormat::Pdf, currency: None }
    }

    fn heading() -> Heading {
        let merchant = Name::parse("Tea").expect("a name");
        Heading { merchant, job: JobId::from_u128(1), made_at: Timestamp::from_ms(0) }
    }

    #[test]
    fn payments_come_to_totals_by_currency() {
        let lines = b"id,created_at,status,amount,currency,amount_captured,amount_refunded,amount_disputed,order_id,method,failure_code,description\r\n\
            pay_1,1970-01-01T10:20:30.000Z,partially_refunded,700,EUR,700,200,0,,card,,Tea\r\n\
            pay_2,1970-01-01T10:20:30.000Z,succeeded,123400,EUR,123400,0,0,,card,,\r\n\
            pay_3,1970-01-01T10:20:30.000Z,failed,500,JPY,0,0,0,,card,x,\r\n";
        let listing = listing(heading(), &report(ReportKind::Payments), lines).expect("readable");
        let expected = ["pay_1", "1970-01-01 10:20", "partially refunded", "EUR 7.00", "EUR 2.00"];
        assert_eq!(
            (listing.rows[0].cells.as_slice(), listing.rows[0].below.as_deref()),
            (&expected.map(str::to_owned)[..], Some("Tea"))
        );
        let totals: Vec<String> =
            listing.totals.iter().map(|total| format!("{}: {}", total.label, total.value)).collect();
        let expected =
            ["EUR captured: EUR 1,241.00", "EUR refunded: EUR 2.00", "JPY captured: JPY 0", "JPY refunded: JPY 0"];
        assert_eq!(totals, expected);
        assert_eq!(listing.about, "1970-01-01 00:00 until before 1970-01-02 00:00");
    }

    #[test]
    fn what_the_ledger_gives_and_takes_is_the_same() {
        let lines = b"created_at,account_id,entry_id,transaction_id,payment_id,amount,currency\r\n\
            1970-01-01T10:20:30.000Z,acc_merchant_eur,ent_1,txn_1,pay_1,700,EUR\r\n\
            1970-01-01T10:20:30.000Z,acc_clearing_eur,ent_2,txn_1,pay_1,-700,EUR\r\n";
        let listing = listing(heading(), &report(ReportKind::Ledger), lines).expect("readable");
        let totals: Vec<&str> = listing.totals.iter().map(|total| total.value.as_str()).collect();
        assert_eq!((totals.as_slice(), listing.rows.len()), (&["EUR 7.00", "EUR -7.00"][..], 2));
    }
}
