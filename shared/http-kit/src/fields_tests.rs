//! Every fault of a body is told, with where it is.

use super::*;
use crate::values;
use domain::money::Money;

fn money(fields: &mut Fields<'_>) -> Option<Money> {
    let amount = fields.required("amount", values::amount);
    let currency = fields.required("currency", values::currency);
    Some(Money { amount: amount?, currency: currency? })
}

fn faults(body: &str) -> Vec<String> {
    let result = parse(body.as_bytes(), |fields| {
        let price = fields.object("price", money);
        let parts = fields.objects("parts", 3, money);
        let note = fields.optional("note", values::line::<9>);
        Some((price?, parts?, note))
    });
    match result {
        Ok(_) => Vec::new(),
        Err(problem) if problem.errors.is_empty() => vec![problem.code.as_str().to_owned()],
        Err(problem) => problem.errors.iter().map(|e| format!("{} {}", e.pointer, e.code)).collect(),
    }
}

#[test]
fn a_good_body() {
    let body = r#"{"price":{"amount":1,"currency":"EUR"},"parts":[{"amount":1,"currency":"EUR"}],"note":null}"#;
    assert_eq!(faults(body), Vec::<String>::new());
}

#[test]
fn all_faults_at_once() {
    let body = r#"{"price":{"amount":1.5,"currency":"eur","x/y":1},"parts":[{"amount":0},7],"note":5,"extra":true}"#;
    assert_eq!(
        faults(body),
        [
            "/price/amount not_an_integer",
            "/price/currency invalid_currency",
            "/price/x~1y unknown_field",
            "/parts/0/amount not_positive",
            "/parts/0/currency required",
            "/parts/1 invalid_type",
            "/note invalid_type",
            "/extra unknown_field",
        ]
    );
}

#[test]
fn the_faults_of_one_item_are_its_own() {
    let body = br#"{"parts":[{"amount":1,"currency":"EUR"},{"amount":0,"x":1},7]}"#;
    let parts = parse(body, |fields| fields.each("parts", 3, money)).expect("a list");
    let told: Vec<Vec<String>> = parts
        .into_iter()
        .map(|part| part.err().unwrap_or_default().iter().map(|e| format!("{} {}", e.pointer, e.code)).collect())
        .collect();
    let second = ["/parts/1/amount not_positive", "/parts/1/currency required", "/parts/1/x unknown_field"];
    assert_eq!(told, [vec![], second.map(str::to_owned).to_vec(), vec!["/parts/2 invalid_type".to_owned()]]);
    for (body, fault) in
        [("{}", "required"), (r#"{"parts":[]}"#, "invalid_length"), (r#"{"parts":{}}"#, "invalid_type")]
    {
        let problem = parse(body.as_bytes(), |fields| fields.each("parts", 3, money)).expect_err("no list");
        assert_eq!(problem.errors[0].code, fault);
    }
}

#[test]
fn amounts_that_are_not_whole_positive_numbers() {
    for (amount, code) in [
        ("1.0", "not_an_integer"),
        ("1e3", "not_an_integer"),
        ("\"100\"", "not_an_integer"),
        ("-1", "not_positive"),
        ("0", "not_positive"),
        ("1000000000000", "too_large"),
        ("9223372036854775808", "too_large"),
        ("99999999999999999999999", "not_an_integer"),
        ("null", "not_an_integer"),
    ] {
        let body = format!(r#"{{"amount":{amount},"currency":"EUR"}}"#);
        let problem = parse(body.as_bytes(), money).expect_err("refused");
        assert_eq!(problem.errors[0].code, code, "{amount}");
    }
}

#[test]
fn what_is_no_object() {
    for body in ["", "{", "[]", "null", "\"x\"", "{}{}", "{\"price\":"] {
        assert_eq!(faults(body), ["malformed_body"], "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(faults(&deep), ["malformed_body"], "nesting is bounded");
    assert_eq!(faults("{}"), ["/price required", "/parts required"]);
    let body = r#"{"price":[],"parts":[]}"#;
    assert_eq!(faults(body), ["/price invalid_type", "/parts invalid_length"]);
}
