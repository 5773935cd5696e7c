//! The bytes of a chain are a promise: known digests, and every field of a transaction and a block in them.

use super::*;
use crate::ids::{EntryId, PaymentId};
use crate::ledger::{AccountId, AccountKind};
use crate::money::Currency;

const NOW: Timestamp = Timestamp::from_ms(1_767_225_600_000);

fn account(kind: AccountKind) -> AccountId {
    AccountId { kind, currency: Currency::parse("EUR").expect("a currency") }
}

fn posted() -> Posted {
    let id = TransactionId::from_u128(7);
    let entry = |n, kind, amount| Entry {
        id: EntryId::from_u128(n),
        transaction: id,
        account: account(kind),
        amount,
        payment: Some(PaymentId::from_u128(9)),
        created_at: NOW,
    };
    let entries = vec![entry(1, AccountKind::Clearing, -500), entry(2, AccountKind::Merchant, 500)];
    Posted { id, source: Source::Charge(PaymentId::from_u128(9)), entries }
}

fn listed(n: u128) -> Listed {
    Listed { source: Source::Charge(PaymentId::from_u128(n)), digest: posted().digest() }
}

fn chain() -> [Block; 2] {
    let tenant = TenantId::from_u128(1);
    let first = Block::after(None, tenant, vec![listed(1), listed(2)], NOW);
    let second = Block::after(Some(&first), tenant, vec![listed(3)], NOW);
    [first, second]
}

/// Computed apart from this code, by `docs/LEDGER.md` alone (Python's hashlib).
#[test]
fn what_is_hashed_is_what_the_page_says() {
    let [first, second] = chain();
    assert_eq!(posted().digest().to_string(), "8582efc545a054f58261de568f4487e0217327dce2a97ea8a78072675a40bbcd");
    assert_eq!(first.hash.to_string(), "bbe32f5cfdd67d02422ce2513879105847dcb03e0f61311c542e5c0cbe926f43");
    assert_eq!(second.hash.to_string(), "b112acf718f512dc43544d1efc9d0f27ba6241c700ce9e0ae931fdc0833b1174");
}

#[test]
fn every_field_of_a_transaction_is_in_its_digest() {
    let good = posted();
    let with = |change: fn(&mut Entry)| {
        let mut posted = good.clone();
        change(&mut posted.entries[1]);
        posted
    };
    let mut swapped = good.clone();
    swapped.entries.swap(0, 1);
    let mut shorter = good.clone();
    shorter.entries.pop();
    let changed = [
        Posted { id: TransactionId::from_u128(8), ..good.clone() },
        Posted { source: Source::Reversal(good.id), ..good.clone() },
        with(|entry| entry.id = EntryId::from_u128(3)),
        with(|entry| entry.transaction = TransactionId::from_u128(8)),
        with(|entry| entry.account.kind = AccountKind::Clearing),
        with(|entry| entry.account.currency = Currency::parse("USD").expect("a currency")),
        with(|entry| entry.amount = 501),
        with(|entry| entry.payment = None),
        with(|entry| entry.created_at = Timestamp::from_ms(0)),
        swapped,
        shorter,
    ];
    for posted in changed {
        assert_ne!(posted.digest(), good.digest(), "{posted:?}");
    }
}

#[test]
fn a_block_fits_where_it_was_booked_and_nowhere_else() {
    let [first, second] = chain();
    assert_eq!((first.number, second.number, second.total), (1, 2, 3));
    assert_eq!(first.fits(Link::START), Ok(()));
    assert_eq!(second.fits(first.link()), Ok(()));
    assert_eq!(second.fits(Link::START), Err(Misfit::Number));
    assert_eq!(second.fits(Link { hash: Digest::NONE, ..first.link() }), Err(Misfit::Previous));
    assert_eq!(second.fits(Link { booked_at: Timestamp::from_ms(i64::MAX), ..first.link() }), Err(Misfit::Time));
    assert_eq!(second.fits(Link { total: 1, ..first.link() }), Err(Misfit::Total));
}

#[test]
fn every_field_of_a_block_is_in_its_hash() {
    let [_, good] = chain();
    let changed = [
        Block { tenant: TenantId::from_u128(2), ..good.clone() },
        Block { number: 3, ..good.clone() },
        Block { previous: Digest::NONE, ..good.clone() },
        Block { booked_at: Timestamp::from_ms(0), ..good.clone() },
        Block { total: 4, ..good.clone() },
        Block { transactions: vec![listed(4)], ..good.clone() },
        Block { transactions: vec![Listed { digest: Digest::NONE, ..listed(3) }], ..good.clone() },
        Block { transactions: vec![listed(3), listed(4)], ..good.clone() },
    ];
    for block in changed {
        assert_ne!(block.computed_hash(), good.hash, "{block:?}");
    }
}

#[test]
fn a_clock_that_goes_back_does_not_turn_the_chain() {
    let [first, _] = chain();
    let next = Block::after(Some(&first), first.tenant, vec![listed(3)], Timestamp::from_ms(0));
    assert_eq!((next.booked_at, next.fits(first.link())), (NOW, Ok(())));
}

#[test]
fn digests_as_text_and_back() {
    let digest = posted().digest();
    assert_eq!(digest.to_string().parse(), Ok(digest));
    for wrong in ["", "ab", &"A".repeat(64), &"g".repeat(64), &"é".repeat(32)] {
        assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
    }
}
