//! A row for each contradiction that the pure checks name; what a whole ledger shows is in the simulation's scenarios.

use super::*;
use crate::ids::{PaymentId, TransactionId};
use crate::journal::Listed;
use crate::ledger::AccountKind;

fn account(kind: AccountKind, code: &str) -> AccountId {
    AccountId { kind, currency: Currency::parse(code).expect("a currency") }
}

fn leg(id: u128, kind: AccountKind, code: &str, amount: i64) -> Entry {
    let created_at = Timestamp::from_ms(1_767_225_600_000);
    Entry {
        id: EntryId::from_u128(EntryId::floor_at(created_at).as_u128() + id),
        transaction: TransactionId::from_u128(7),
        account: account(kind, code),
        amount,
        payment: None,
        created_at,
    }
}

fn posted(entries: Vec<Entry>) -> Posted {
    Posted { id: TransactionId::from_u128(7), source: Source::Charge(PaymentId::from_u128(9)), entries }
}

fn good() -> Posted {
    posted(vec![leg(1, AccountKind::Clearing, "EUR", -500), leg(2, AccountKind::Merchant, "EUR", 500)])
}

#[test]
fn a_transaction_sums_to_zero_in_each_currency() {
    assert_eq!(balanced(&good()), []);
    let across = posted(vec![leg(1, AccountKind::Clearing, "EUR", -500), leg(2, AccountKind::Merchant, "USD", 500)]);
    let told: Vec<String> = balanced(&across).iter().map(Fault::to_string).collect();
    let source = across.source;
    let expected =
        [format!("{source} sums to -500 EUR instead of zero"), format!("{source} sums to 500 USD instead of zero")];
    assert_eq!(told, expected);
}

#[test]
fn a_transaction_is_as_its_block_lists_it() {
    let listed = |posted: &Posted| Listed { source: posted.source, digest: posted.digest() };
    let block = Block::after(None, crate::ids::TenantId::from_u128(1), vec![listed(&good())], Timestamp::from_ms(0));
    assert_eq!(in_block(&good(), Some(1), &block), None);
    let source = good().source;
    assert_eq!(in_block(&good(), None, &block), Some(Fault::Mark { source, block: 1, marked: None }));
    let other = Posted { id: TransactionId::from_u128(8), ..good() };
    assert_eq!(in_block(&other, Some(1), &block), Some(Fault::TransactionChanged { source, block: 1 }));
    let unlisted = Posted { source: Source::Charge(PaymentId::from_u128(8)), ..good() };
    assert!(matches!(in_block(&unlisted, Some(1), &block), Some(Fault::Unlisted { .. })));
}

#[test]
fn an_entry_is_its_transaction_s_and_of_the_moment_of_its_id() {
    let good = leg(1, AccountKind::Merchant, "EUR", 500);
    assert_eq!(entry(&good, Some(&good)), None);
    assert!(matches!(entry(&good, None), Some(Fault::EntryMissing { .. })));
    let changed = Entry { amount: 501, ..good.clone() };
    assert!(matches!(entry(&good, Some(&changed)), Some(Fault::EntryChanged { .. })));
    for (ms, fits) in [(-1_001, false), (-1_000, false), (-999, true), (0, true), (1_000, true), (1_001, false)] {
        let moved = Entry { created_at: Timestamp::from_ms(good.created_at.as_ms() + ms), ..good.clone() };
        assert_eq!(dated(&moved).is_none(), fits, "{ms} ms apart");
    }
}

#[test]
fn all_accounts_of_a_currency_sum_to_zero() {
    let tally = |sum| Tally { sum, count: 1 };
    let mut tallies = BTreeMap::from([
        (account(AccountKind::Clearing, "EUR"), tally(-500)),
        (account(AccountKind::Merchant, "EUR"), tally(500)),
        (account(AccountKind::Clearing, "USD"), tally(0)),
    ]);
    assert_eq!(trial_balance(&tallies), []);
    tallies.insert(account(AccountKind::Merchant, "USD"), tally(3));
    let currency = Currency::parse("USD").expect("a currency");
    assert_eq!(trial_balance(&tallies), [Fault::TrialBalance { currency, sum: 3 }]);
}
