//! The ledger's rules: balanced by construction, reversal exact, pending apart from posted.

use super::*;
use crate::metadata::Metadata;
use crate::money::Money;
use crate::payment::{Capture, Method, NewPayment};
use crate::refund::NewRefund;
use crate::secret::Secret;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_ms(1_000);
const IDS: TransactionIds = TransactionIds { transaction: TRANSACTION, entries: [FIRST, SECOND, THIRD] };
const TRANSACTION: TransactionId = TransactionId::from_u128(9);
const FIRST: EntryId = EntryId::from_u128(1);
const SECOND: EntryId = EntryId::from_u128(2);
const THIRD: EntryId = EntryId::from_u128(3);

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("valid")
}

fn account(kind: AccountKind, code: &str) -> AccountId {
    AccountId { kind, currency: currency(code) }
}

fn entry(account: AccountId, amount: i64) -> Entry {
    Entry { id: FIRST, transaction: TRANSACTION, account, amount, payment: None, created_at: NOW }
}

fn transaction(entries: Vec<Entry>) -> Result<Transaction, Unbalanced> {
    Transaction::new(TRANSACTION, TenantId::from_u128(1), Source::Charge(PaymentId::from_u128(5)), entries)
}

fn payment(minor_units: i64) -> Payment {
    let money = Money { amount: Amount::new(minor_units).expect("valid"), currency: currency("EUR") };
    let method = Method::Card { token: Secret::new("tok_success") };
    let (capture, description, metadata) = (Capture::Automatic, None, Metadata::default());
    let input = NewPayment { order: None, money, method, top_up: None, capture, description, metadata };
    Payment::new(PaymentId::from_u128(5), TenantId::from_u128(1), input, NOW)
}

fn refund(minor_units: i64) -> Refund {
    let money = payment(minor_units).money;
    let input =
        NewRefund { payment: PaymentId::from_u128(5), order: None, money, reason: None, metadata: Metadata::default() };
    Refund::new(RefundId::from_u128(6), TenantId::from_u128(1), input, NOW)
}

fn sums(postings: &[Posting], kind: AccountKind) -> (i64, i64) {
    let changes = postings.iter().flat_map(|p| &p.balances).filter(|c| c.account.kind == kind);
    changes.fold((0, 0), |(posted, pending), c| (posted + c.posted, pending + c.pending))
}

#[test]
fn what_does_not_sum_to_zero_in_each_currency_cannot_be_made() {
    let (clearing, merchant) = (account(AccountKind::Clearing, "EUR"), account(AccountKind::Merchant, "EUR"));
    let dollars = account(AccountKind::Merchant, "USD");
    assert!(transaction(vec![entry(clearing, -10), entry(merchant, 10)]).is_ok());
    for (refused, why) in [
        (vec![], Unbalanced::Empty),
        (vec![entry(clearing, 0), entry(merchant, 0)], Unbalanced::Empty),
        (vec![entry(clearing, -10), entry(merchant, 9)], Unbalanced::Sum { currency: currency("EUR"), sum: -1 }),
        (vec![entry(clearing, -10), entry(dollars, 10)], Unbalanced::Sum { currency: currency("EUR"), sum: -10 }),
    ] {
        assert_eq!(transaction(refused), Err(why));
    }
}

#[test]
fn a_refund_is_pending_until_it_is_posted_or_released() {
    let charged = post_charge(&payment(1_000), payment(1_000).money.amount, IDS, NOW);
    let reserved = reserve_refund(&payment(1_000), &refund(300));
    assert_eq!(sums(&[charged.clone(), reserved.clone()], AccountKind::Merchant), (1_000, -300));
    let posted = post_refund(&payment(1_000), &refund(300), IDS, NOW);
    assert_eq!(sums(&[charged.clone(), reserved.clone(), posted], AccountKind::Merchant), (700, 0));
    let released = release_refund(&payment(1_000), &refund(300));
    assert_eq!(sums(&[charged, reserved, released], AccountKind::Merchant), (1_000, 0));
}

#[test]
fn a_wallet_is_credited_by_a_top_up_and_debited_by_a_payment() {
    let wallet = WalletId::from_u128(7);
    let kind = AccountKind::Wallet(wallet);
    let top_up = Payment { top_up: Some(wallet), ..payment(1_000) };
    let spent = Payment { method: Method::Wallet { wallet }, ..payment(1_000) };
    let posted = |payment: &Payment, kind| sums(&[post_charge(payment, payment.money.amount, IDS, NOW)], kind).0;
    assert_eq!([posted(&top_up, AccountKind::Clearing), posted(&top_up, kind)], [-1_000, 1_000]);
    assert_eq!([posted(&spent, kind), posted(&spent, AccountKind::Merchant)], [-1_000, 1_000]);
    let row = |posting: Posting| posting.balances.iter().find(|change| change.account.kind == kind).map(|it| it.shard);
    assert_eq!(row(post_charge(&spent, spent.money.amount, IDS, NOW)), Some(0), "a wallet has one row");
}

#[test]
fn what_is_to_leave_a_wallet_is_reserved_and_what_is_to_come_is_not() {
    let wallet = WalletId::from_u128(7);
    let kind = AccountKind::Wallet(wallet);
    let top_up = Payment { top_up: Some(wallet), ..payment(1_000) };
    let spent = Payment { method: Method::Wallet { wallet }, ..payment(1_000) };
    for (payment, reserved, posted) in [(top_up, (0, -300), (-300, 0)), (spent, (0, 0), (300, 0))] {
        let reservation = reserve_refund(&payment, &refund(300));
        assert_eq!(sums(std::slice::from_ref(&reservation), kind), reserved);
        let done = post_refund(&payment, &refund(300), IDS, NOW);
        assert_eq!(sums(&[reservation.clone(), done], kind), posted);
        assert_eq!(sums(&[reservation, release_refund(&payment, &refund(300))], kind), (0, 0));
    }
}

#[test]
fn account_ids_and_back() {
    let wallet = WalletId::from_u128(u128::MAX);
    for (id, text) in [
        (account(AccountKind::Merchant, "EUR"), "acc_merchant_eur"),
        (account(AccountKind::Wallet(wallet), "USD"), "acc_wallet_7zzzzzzzzzzzzzzzzzzzzzzzzz_usd"),
    ] {
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
    }
    for wrong in [
        "acc_merchant_EUR",
        "acc_merchant",
        "acc_other_eur",
        "merchant_eur",
        "acc_merchant_zzz",
        "acc_wallet_eur",
        "acc_wallet_7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "acc_wallet_7zzzzzzzzzzzzzzzzzzzzzzzzz_EUR",
        "",
    ] {
        assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn every_posting_is_balanced_and_its_balances_are_its_entries(minor_units in 1..=Amount::MAX) {
        for posting in [post_charge(&payment(minor_units), payment(minor_units).money.amount, IDS, NOW), post_refund(&payment(minor_units), &refund(minor_units), IDS, NOW)] {
            let made = posting.transaction.clone().expect("posts");
            let remade = Transaction::new(made.id(), made.tenant(), made.source(), made.entries().to_vec());
            prop_assert_eq!(remade.as_ref(), Ok(&made));
            for (entry, change) in made.entries().iter().zip(&posting.balances) {
                prop_assert_eq!((entry.account, entry.amount), (change.account, change.posted));
            }
            let reversal = made.reversal(IDS, NOW).expect("balanced");
            for (entry, turned) in made.entries().iter().zip(reversal.entries()) {
                prop_assert_eq!(entry.amount, -turned.amount);
            }
            prop_assert_eq!(reversal.source(), Source::Reversal(made.id()));
        }
    }

    #[test]
    fn a_fee_is_the_merchant_s_loss_and_nobody_else_s(
        (minor_units, fee) in (1..=Amount::MAX).prop_flat_map(|amount| (Just(amount), 0..=amount)),
    ) {
        let paid = Payment { fee, ..payment(minor_units) };
        let charged = post_charge(&paid, paid.money.amount, IDS, NOW);
        let made = charged.transaction.clone().expect("posts");
        prop_assert!(Transaction::new(made.id(), made.tenant(), made.source(), made.entries().to_vec()).is_ok());
        prop_assert_eq!(sums(std::slice::from_ref(&charged), AccountKind::Clearing), (-minor_units, 0));
        prop_assert_eq!(sums(std::slice::from_ref(&charged), AccountKind::Merchant), (minor_units - fee, 0));
        prop_assert_eq!(sums(std::slice::from_ref(&charged), AccountKind::Fees), (fee, 0));
        let plain = post_charge(&payment(minor_units), payment(minor_units).money.amount, IDS, NOW);
        prop_assert_eq!(fee == 0, charged == plain, "without a fee nothing more is booked");
    }

    #[test]
    fn sources_and_back(id: u128) {
        for source in [
            Source::Charge(PaymentId::from_u128(id)),
            Source::Refund(RefundId::from_u128(id)),
            Source::Reversal(TransactionId::from_u128(id)),
        ] {
            prop_assert_eq!(source.to_string().parse(), Ok(source));
            prop_assert!(source.shard() < BALANCE_SHARDS);
        }
    }
}
