//! The body of a provider's statement, as `POST /statements` takes it.

use domain::field::Invalid;
use domain::statement::{LINES_MAX, LineKind, NewStatement, Period, StatementLine, line_amount};
use domain::time::Timestamp;
use serde_json::Value;

use crate::fields::Fields;
use crate::values;

/// `now` is what a period must not go beyond.
pub fn new_statement(fields: &mut Fields<'_>, now: Timestamp) -> Option<NewStatement> {
    let provider = fields.required("provider", values::parsed);
    let from = fields.required("from", values::time);
    let to = fields.required("to", values::time);
    let to = fields.check("to", to, |to| from.map_or(Ok(()), |from| Period::check_end(from, *to, now)));
    let currency = fields.optional("currency", values::currency);
    let lines = fields.objects("lines", LINES_MAX, line);
    let numbered = (1..).zip(lines?).map(|(number, line)| StatementLine { number, ..line });
    let lines = numbered.collect();
    Some(NewStatement { provider: provider?, period: Period { from: from?, to: to? }, currency, lines })
}

/// Without its number, which is its place.
fn line(fields: &mut Fields<'_>) -> Option<StatementLine> {
    let reference = fields.required("reference", values::parsed);
    let kind = fields.required("kind", kind);
    let amount = fields.required("amount", |value| line_amount(values::integer(value)?));
    let amount = fields.check("amount", amount, |amount| kind.map_or(Ok(()), |kind| kind.check_sign(*amount)));
    let currency = fields.required("currency", values::currency);
    let occurred_at = fields.optional("occurred_at", values::time);
    Some(StatementLine {
        number: 0,
        kind: kind?,
        reference: reference?,
        amount: amount?,
        currency: currency?,
        occurred_at,
    })
}

fn kind(value: &Value) -> Result<LineKind, Invalid> {
    let known: Vec<&str> = LineKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let unknown = || Invalid::new("unknown_value", format!("must be one of: {}", known.join(", ")));
    LineKind::parse(values::text(value)?).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fields;

    fn read(body: &Value) -> Result<NewStatement, Vec<String>> {
        let now = api::parse_rfc3339("2026-03-01T00:00:00Z").expect("a time");
        let told = |problem: crate::Problem| {
            let faults = problem.errors.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code));
            faults.collect::<Vec<_>>()
        };
        fields::parse(body.to_string().as_bytes(), |fields| new_statement(fields, now)).map_err(told)
    }

    fn body(lines: &Value) -> Value {
        json!({
            "provider": "sandbox", "from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z", "lines": lines,
        })
    }

    #[test]
    fn lines_are_numbered_by_their_place() {
        let lines = json!([
            { "reference": "ch_1", "kind": "charge", "amount": 1_000, "currency": "EUR" },
            { "reference": "ch_1", "kind": "fee", "amount": -30, "currency": "EUR", "occurred_at": "2026-02-03T04:05:06Z" },
        ]);
        let statement = read(&body(&lines)).expect("a statement");
        let told: Vec<_> = statement.lines.iter().map(|line| (line.number, line.kind, line.amount)).collect();
        assert_eq!(told, [(1, LineKind::Charge, 1_000), (2, LineKind::Fee, -30)]);
        assert!(statement.lines[0].occurred_at.is_none() && statement.lines[1].occurred_at.is_some());
    }

    #[test]
    fn all_faults_at_once() {
        let lines = json!([
            { "reference": "a b", "kind": "payout", "amount": 1.5, "currency": "EUR" },
            { "reference": "re_1", "kind": "refund", "amount": 5, "currency": "EUR" },
            { "reference": "re_2", "kind": "refund", "amount": 0, "currency": "eur", "note": "x" },
            { "reference": "4242424242424242", "kind": "charge", "amount": 5, "currency": "EUR" },
        ]);
        let faults = read(&body(&lines)).expect_err("refused");
        let expected = [
            "/lines/0/reference invalid_reference",
            "/lines/0/kind unknown_value",
            "/lines/0/amount not_an_integer",
            "/lines/1/amount wrong_sign",
            "/lines/2/amount zero",
            "/lines/2/currency invalid_currency",
            "/lines/2/note unknown_field",
            "/lines/3/reference card_number",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn the_period_is_over_and_the_lines_are_few() {
        let line = json!({ "reference": "ch_1", "kind": "charge", "amount": 1, "currency": "EUR" });
        let of = |from: &str, to: &str, count: usize| {
            let body = json!({ "provider": "Sandbox", "from": from, "to": to, "lines": vec![line.clone(); count] });
            read(&body).expect_err("refused")
        };
        let provider = "/provider unknown_value".to_owned();
        let (feb, mar, apr) = ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
        assert_eq!(of(feb, apr, 1), [provider.clone(), "/to in_the_future".to_owned()]);
        assert_eq!(of(mar, mar, 1), [provider.clone(), "/to out_of_range".to_owned()]);
        assert_eq!(of(feb, mar, 0), [provider.clone(), "/lines invalid_length".to_owned()]);
        assert_eq!(of(feb, mar, 1_001), [provider.clone(), "/lines invalid_length".to_owned()]);
        assert_eq!(of("May", mar, 1_000), [provider, "/from invalid_time".to_owned()]);
    }
}
