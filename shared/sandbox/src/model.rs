//! The sandbox's model: reads invoices that are written as below, line by line, and nothing else. What a document's marker says
//! goes wrong, so that everything that can go wrong with a model can be tried.
//!
//! ```text
//! Supplier: Green Tea Ltd.
//! Date: 2026-10-31
//! Currency: EUR
//! 2 x Green tea @ 3.50 = 7.00
//! Total: 7.00
//! sandbox-model: wrong_total
//! ```

use domain::allowance::Usage;
use serde_json::{Value, json};

const MARKER: &str = "sandbox-model:";
/// What the instructions are counted as.
const INSTRUCTIONS_TOKENS: u64 = 500;

/// What comes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The fields, as the tool takes them.
    Answers(Value),
    /// It comes to its last token before its end.
    BreaksOff,
    /// It has too much to do.
    IsBusy,
    /// The answer comes later than anybody waits.
    Dawdles,
    /// It does not take the document.
    Refuses,
}

/// How often a document that is marked so finds it busy, before it is read.
const BUSY_CALLS: u32 = 2;

/// Whether what comes of a call depends on how many there were for the document.
pub fn is_counted(document: &[u8]) -> bool {
    marker(&String::from_utf8_lossy(document)) == Some("flaky")
}

/// What comes of the `nth` call for a document; the first is 1.
pub fn on_call(document: &[u8], nth: u32) -> Turn {
    let text = String::from_utf8_lossy(document);
    let fields = read(&text);
    match marker(&text) {
        Some("throttled") => Turn::IsBusy,
        Some("flaky") if nth <= BUSY_CALLS => Turn::IsBusy,
        Some("time_out") => Turn::Dawdles,
        Some("refused") => Turn::Refuses,
        Some("unfinished") => Turn::BreaksOff,
        Some("nonsense") => Turn::Answers(json!({ "poem": "Tea is green", "lines": 7 })),
        Some("wrong_total") => {
            let mut wrong = fields;
            wrong["total_amount"] = "0.01".into();
            Turn::Answers(wrong)
        }
        Some(_) | None => Turn::Answers(fields),
    }
}

/// What a call is paid for: fewer tokens than bytes, as with real models.
pub fn usage(document: &[u8], turn: &Turn) -> Usage {
    let output_tokens = match turn {
        Turn::Answers(fields) => fields.to_string().len() as u64 / 4,
        Turn::BreaksOff => 100,
        Turn::IsBusy | Turn::Dawdles | Turn::Refuses => 0,
    };
    Usage { input_tokens: INSTRUCTIONS_TOKENS + document.len() as u64 / 4, output_tokens }
}

fn marker(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.trim().strip_prefix(MARKER)).map(str::trim)
}

fn read(text: &str) -> Value {
    let field = |name: &str| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'));
        found.unwrap_or_default().trim().to_owned()
    };
    json!({
        "supplier": field("Supplier"),
        "date": field("Date"),
        "currency": field("Currency"),
        "lines": text.lines().filter_map(line).collect::<Vec<_>>(),
        "total_amount": field("Total"),
    })
}

/// `2 x Green tea @ 3.50 = 7.00`
fn line(text: &str) -> Option<Value> {
    let (quantity, rest) = text.trim().split_once(" x ")?;
    let (rest, amount) = rest.rsplit_once(" = ")?;
    let (description, unit_amount) = rest.rsplit_once(" @ ")?;
    Some(json!({ "description": description, "quantity": quantity, "unit_amount": unit_amount, "amount": amount }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVOICE: &str = "Supplier: Tea Ltd.\nDate: 2026-10-31\nCurrency: EUR\n2 x Tea @ 3.50 = 7.00\nTotal: 7.00\n";

    #[test]
    fn an_invoice_is_read_line_by_line() {
        let line = json!({ "description": "Tea", "quantity": "2", "unit_amount": "3.50", "amount": "7.00" });
        let fields = json!({
            "supplier": "Tea Ltd.", "date": "2026-10-31", "currency": "EUR", "lines": [line], "total_amount": "7.00",
        });
        assert_eq!(on_call(INVOICE.as_bytes(), 1), Turn::Answers(fields));
    }

    #[test]
    fn markers_say_what_goes_wrong() {
        for (marker, expected) in [
            ("throttled", Turn::IsBusy),
            ("flaky", Turn::IsBusy),
            ("time_out", Turn::Dawdles),
            ("refused", Turn::Refuses),
            ("unfinished", Turn::BreaksOff),
        ] {
            assert_eq!(on_call(format!("{INVOICE}sandbox-model: {marker}\n").as_bytes(), 1), expected);
        }
        let Turn::Answers(fields) = on_call(format!("{INVOICE}sandbox-model: wrong_total\n").as_bytes(), 1) else {
            panic!("no answer");
        };
        assert_eq!((&fields["total_amount"], &fields["supplier"]), (&json!("0.01"), &json!("Tea Ltd.")));
    }

    #[test]
    fn a_flaky_document_is_read_and_paid_for_like_any_other_once_it_is_no_longer_busy() {
        let document = format!("{INVOICE}sandbox-model: flaky\n").into_bytes();
        assert!(is_counted(&document) && !is_counted(INVOICE.as_bytes()));
        assert_eq!(on_call(&document, BUSY_CALLS), Turn::IsBusy);
        let turn = on_call(&document, BUSY_CALLS + 1);
        assert_eq!(turn, on_call(INVOICE.as_bytes(), 1));
        assert!(usage(&document, &turn).output_tokens > 0);
    }
}
