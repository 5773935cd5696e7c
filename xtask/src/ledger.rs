//! `cargo xtask ledger verify`: asks the stack's `ledger-verify` what it finds, tenant by tenant. That function reads the rows
//! where they are and writes nothing when it is asked like this; it answers after a bounded number of pages and goes on from
//! there when it is asked again.

use crate::invoke::invoke;
use crate::{interrupt, place::Place};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub enum Ledger {
    /// Verify the journal, the transactions, the entries and the balances; name whatever is wrong
    ///
    /// Reads only. Ends with 1 when something is wrong.
    Verify {
        /// Only this tenant's, `ten_...`; all when not given
        #[arg(long)]
        tenant: Option<String>,
        #[command(flatten)]
        place: Place,
    },
}

pub fn run(root: &Path, task: &Ledger) -> Result<ExitCode> {
    let Ledger::Verify { tenant, place } = task;
    let (account, stack) = place.stack(root)?;
    let ask = |question: &Value| invoke(&account, &format!("{stack}-ledger-verify"), question);
    let tenants = match tenant {
        Some(tenant) => vec![tenant.clone()],
        None => strings(&ask(&json!({ "ledger": "tenants" }))?["tenants"]),
    };
    let mut is_sound = true;
    for tenant in &tenants {
        let found = verify(tenant, &ask)?;
        println!("{tenant}: {}", told(&found));
        for fault in strings(&found["faults"]) {
            println!("  {fault}");
        }
        is_sound &= found["fault_count"] == 0;
    }
    if tenants.is_empty() {
        println!("nothing has been posted yet");
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verify(tenant: &str, ask: &dyn Fn(&Value) -> Result<Value>) -> Result<Value> {
    let mut question = json!({ "ledger": "verify", "tenant": tenant });
    loop {
        interrupt::check()?;
        let answer = ask(&question)?;
        if answer["done"] == true {
            return Ok(answer);
        }
        question["progress"] = answer["progress"].clone();
    }
}

fn told(found: &Value) -> String {
    let number = |name: &str| found[name].as_u64().unwrap_or_default();
    let mut text = match number("fault_count") {
        0 => "sound".to_owned(),
        1 => "1 fault".to_owned(),
        faults => format!("{faults} faults"),
    };
    text.push_str(&format!("; {} transactions, {} blocks", number("transactions"), number("blocks")));
    text.push_str(&format!(", head {}", found["hash"].as_str().unwrap_or_default()));
    for (name, words) in
        [("left_out", "not in the journal yet"), ("undecided", "accounts written too fast to compare their balance")]
    {
        if number(name) > 0 {
            text.push_str(&format!("; {} {words}", number(name)));
        }
    }
    text
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn it_goes_on_from_where_the_function_stopped() {
        let asked = RefCell::new(Vec::new());
        let ask = |question: &Value| {
            asked.borrow_mut().push(question.clone());
            let is_last = question["progress"] == "b";
            let next = if question["progress"].is_null() { "a" } else { "b" };
            Ok(json!({ "done": is_last, "progress": next, "fault_count": 0 }))
        };
        let found = verify("ten_1", &ask).expect("verified");
        assert_eq!(found["done"], true);
        let progress: Vec<Value> = asked.borrow().iter().map(|question| question["progress"].clone()).collect();
        assert_eq!(progress, [Value::Null, json!("a"), json!("b")]);
    }

    #[test]
    fn what_was_found_is_told_in_one_line() {
        let found = json!({ "fault_count": 2, "transactions": 7, "blocks": 3, "hash": "ab", "left_out": 1 });
        assert_eq!(told(&found), "2 faults; 7 transactions, 3 blocks, head ab; 1 not in the journal yet");
    }
}
