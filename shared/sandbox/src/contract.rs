//! What every book must do, as functions over the port: each panics where a book breaks a sentence of it. `seed` keeps the
//! keys of one run apart from those of another on the same store.

use domain::dispute::DisputeStatus;
use domain::idempotency::Fingerprint;
use domain::money::{Amount, Currency, Money};
use domain::payment::{Capture, DeclineCode};
use futures_util::future::join_all;

use crate::{Beginning, Book, Charge, ChargeStatus, Entered, Key, Refund, RefundRefusal, RefundStatus, Step};

const CHARGED: i64 = 1_000;

pub async fn all(book: &dyn Book, seed: &str) {
    a_key_keeps_its_first_charge(book, seed).await;
    a_charge_reads_as_it_was_entered(book, seed).await;
    only_a_waiting_charge_takes_a_step(book, seed).await;
    a_capture_takes_part_of_what_was_authorized(book, seed).await;
    a_dispute_is_decided_once_and_no_refund_is_lost(book, seed).await;
    calls_are_counted_by_key(book, seed).await;
    a_key_keeps_its_first_refund(book, seed).await;
    refunds_end_at_what_was_charged(book, seed).await;
    parallel_refunds_end_there_too(book, seed).await;
}

pub async fn a_key_keeps_its_first_charge(book: &dyn Book, seed: &str) {
    let first = charge(seed, "first", ChargeStatus::Succeeded);
    assert_eq!(entered(book, &first).await, None);
    let other = Charge { money: eur(5), fingerprint: Fingerprint([9; 32]), ..first.clone() };
    for again in [&first, &other] {
        assert_eq!(entered(book, again).await, Some(first.clone()));
    }
    assert_eq!(read(book, &first.key).await, Some(first));
    assert_eq!(read(book, &key(seed, "never")).await, None);
}

pub async fn a_charge_reads_as_it_was_entered(book: &dyn Book, seed: &str) {
    let declines = DeclineCode::ALL.map(ChargeStatus::Declined);
    let others =
        [ChargeStatus::Succeeded, ChargeStatus::RequiresAction, ChargeStatus::Authorized, ChargeStatus::Cancelled];
    for (index, status) in others.iter().chain(&declines).enumerate() {
        let charge = Charge { disputed: index == 0, ..charge(seed, &format!("read-{index}"), *status) };
        assert_eq!(entered(book, &charge).await, None);
        assert_eq!(read(book, &charge.key).await, Some(charge));
    }
}

pub async fn only_a_waiting_charge_takes_a_step(book: &dyn Book, seed: &str) {
    let waiting = charge(seed, "waits", ChargeStatus::RequiresAction);
    entered(book, &waiting).await;
    let given_up = Charge { status: ChargeStatus::Cancelled, ..waiting.clone() };
    assert_eq!(taken(book, &waiting, Step::Cancel).await, Some(given_up.clone()));
    assert_eq!(taken(book, &waiting, Step::Authenticate).await, Some(given_up.clone()), "it has come too late");
    assert_eq!(read(book, &waiting.key).await, Some(given_up));

    let declined = charge(seed, "declined", ChargeStatus::Declined(DeclineCode::DoNotHonor));
    entered(book, &declined).await;
    assert_eq!(taken(book, &declined, Step::Authenticate).await, Some(declined));
    assert_eq!(taken(book, &charge(seed, "nobody-s", ChargeStatus::Succeeded), Step::Cancel).await, None);

    let authenticated = charge(seed, "authenticated", ChargeStatus::RequiresAction);
    entered(book, &authenticated).await;
    taken(book, &authenticated, Step::Authenticate).await;
    let refund = refund(seed, "of-authenticated", &authenticated, CHARGED);
    assert_eq!(book.enter_refund(&refund).await.expect("entered"), Entered::Now, "it can be refunded from then on");
}

pub async fn a_capture_takes_part_of_what_was_authorized(book: &dyn Book, seed: &str) {
    let of_capture = |name, status| Charge { capture: Capture::Manual, ..charge(seed, name, status) };
    let waiting = of_capture("by-hand", ChargeStatus::RequiresAction);
    entered(book, &waiting).await;
    let authorized = Charge { status: ChargeStatus::Authorized, ..waiting.clone() };
    assert_eq!(taken(book, &waiting, Step::Authenticate).await, Some(authorized));
    let captured = Charge { status: ChargeStatus::Succeeded, captured: 400, ..waiting.clone() };
    for amount in [400, 1_000] {
        let step = Step::Capture(eur(amount).amount);
        assert_eq!(taken(book, &waiting, step).await, Some(captured.clone()), "it is captured once");
    }
    assert_eq!(taken(book, &waiting, Step::Cancel).await, Some(captured.clone()));
    let too_much = refund(seed, "of-the-rest", &captured, 401);
    assert_eq!(book.enter_refund(&too_much).await.expect("entered"), Entered::Exceeded);
    let given_up = of_capture("by-nobody", ChargeStatus::Authorized);
    entered(book, &given_up).await;
    taken(book, &given_up, Step::Cancel).await;
    let late = taken(book, &given_up, Step::Capture(eur(1).amount)).await;
    assert_eq!(late.map(|charge| (charge.status, charge.captured)), Some((ChargeStatus::Cancelled, 0)));
}

pub async fn a_dispute_is_decided_once_and_no_refund_is_lost(book: &dyn Book, seed: &str) {
    let dispute = Some(DisputeStatus::NeedsResponse);
    let disputed = Charge { disputed: true, dispute, ..charge(seed, "disputed", ChargeStatus::Succeeded) };
    entered(book, &disputed).await;
    let refund = refund(seed, "of-disputed", &disputed, 300);
    assert_eq!(book.enter_refund(&refund).await.expect("entered"), Entered::Now);
    for (step, expected) in [
        (DisputeStatus::UnderReview, DisputeStatus::UnderReview),
        (DisputeStatus::NeedsResponse, DisputeStatus::UnderReview),
        (DisputeStatus::Lost, DisputeStatus::Lost),
        (DisputeStatus::Won, DisputeStatus::Lost),
    ] {
        let charge = taken(book, &disputed, Step::Dispute(step)).await.expect("the charge is there");
        assert_eq!((charge.dispute, charge.refunded), (Some(expected), 300), "{step:?}");
    }
    let undisputed = charge(seed, "undisputed", ChargeStatus::Succeeded);
    entered(book, &undisputed).await;
    let step = Step::Dispute(DisputeStatus::Won);
    assert_eq!(taken(book, &undisputed, step).await, Some(undisputed), "there is no dispute to decide");
}

pub async fn calls_are_counted_by_key(book: &dyn Book, seed: &str) {
    for expected in 1..=3 {
        assert_eq!(book.count_call(&key(seed, "counted")).await.expect("counted"), expected);
    }
    assert_eq!(book.count_call(&key(seed, "counted-too")).await.expect("counted"), 1);
    assert_eq!(read(book, &key(seed, "counted")).await, None, "a count is no charge");
}

pub async fn a_key_keeps_its_first_refund(book: &dyn Book, seed: &str) {
    let charge = charge(seed, "refunded-once", ChargeStatus::Succeeded);
    entered(book, &charge).await;
    let first = refund(seed, "once", &charge, CHARGED);
    assert_eq!(book.enter_refund(&first).await.expect("entered"), Entered::Now);
    let other = Refund { money: eur(1), fingerprint: Fingerprint([9; 32]), ..first.clone() };
    for again in [&first, &other] {
        assert_eq!(book.enter_refund(again).await.expect("entered"), Entered::Before(first.clone()));
    }
    assert_eq!(book.refund(&first.key).await.expect("read"), Some(first));
    assert_eq!(book.refund(&key(seed, "never")).await.expect("read"), None);
    assert_eq!(refunded(book, &charge).await, CHARGED);
}

pub async fn refunds_end_at_what_was_charged(book: &dyn Book, seed: &str) {
    let charge = charge(seed, "refunded-in-parts", ChargeStatus::Succeeded);
    entered(book, &charge).await;
    for (amount, expected) in
        [(700, Entered::Now), (301, Entered::Exceeded), (300, Entered::Now), (1, Entered::Exceeded)]
    {
        let part = refund(seed, &format!("part-{amount}"), &charge, amount);
        assert_eq!(book.enter_refund(&part).await.expect("entered"), expected, "{amount}");
    }
    let refusal = RefundStatus::Refused(RefundRefusal::AmountTooLarge);
    let refused = Refund { status: refusal, ..refund(seed, "part-301", &charge, 301) };
    assert_eq!(
        book.enter_refund(&refused).await.expect("entered"),
        Entered::Now,
        "what was not entered leaves its key free"
    );
    assert_eq!(book.refund(&refused.key).await.expect("read"), Some(refused));
    assert_eq!(refunded(book, &charge).await, CHARGED);
    let declined = ChargeStatus::Declined(DeclineCode::Other);
    for status in [ChargeStatus::RequiresAction, ChargeStatus::Authorized, ChargeStatus::Cancelled, declined] {
        let charge = self::charge(seed, &format!("not-refundable-{}", status.as_str()), status);
        entered(book, &charge).await;
        let refund = refund(seed, status.as_str(), &charge, 1);
        assert_eq!(book.enter_refund(&refund).await.expect("entered"), Entered::Exceeded, "{status:?}");
    }
    let of_nothing = charge_of_nobody(seed);
    let refund = refund(seed, "of-nothing", &of_nothing, 1);
    assert_eq!(book.enter_refund(&refund).await.expect("entered"), Entered::Exceeded);
}

/// A book may ask to try again where others are at the same charge.
pub async fn parallel_refunds_end_there_too(book: &dyn Book, seed: &str) {
    let charge = charge(seed, "refunded-at-once", ChargeStatus::Succeeded);
    entered(book, &charge).await;
    let refunds: Vec<Refund> = (0..8).map(|n| refund(seed, &format!("at-once-{n}"), &charge, 300)).collect();
    let outcomes = join_all(refunds.iter().map(async |refund| {
        loop {
            match book.enter_refund(refund).await {
                Err(error) if error.retryable() => {}
                outcome => return outcome.expect("entered"),
            }
        }
    }));
    let gone_through = outcomes.await.into_iter().filter(|outcome| *outcome == Entered::Now).count();
    assert_eq!((gone_through, refunded(book, &charge).await), (3, 900));
}

fn key(seed: &str, name: &str) -> Key {
    Key::parse(&format!("{seed}-{name}")).expect("a key")
}

fn eur(minor_units: i64) -> Money {
    Money {
        amount: Amount::new(minor_units).expect("an amount"),
        currency: Currency::parse("EUR").expect("a currency"),
    }
}

fn charge(seed: &str, name: &str, status: ChargeStatus) -> Charge {
    Charge::begun(Beginning {
        key: key(seed, name),
        fingerprint: Fingerprint([1; 32]),
        client_reference: Some("client-7".to_owned()),
        money: eur(CHARGED),
        capture: Capture::Automatic,
        status,
        disputed: false,
    })
}

async fn taken(book: &dyn Book, charge: &Charge, step: Step) -> Option<Charge> {
    book.take_step(&charge.key, step).await.expect("a step is taken")
}

fn charge_of_nobody(seed: &str) -> Charge {
    charge(seed, "of-nobody", ChargeStatus::Succeeded)
}

fn refund(seed: &str, name: &str, of: &Charge, minor_units: i64) -> Refund {
    Refund {
        key: key(seed, name),
        fingerprint: Fingerprint([2; 32]),
        charge: of.key.clone(),
        money: eur(minor_units),
        status: RefundStatus::Succeeded,
    }
}

async fn entered(book: &dyn Book, charge: &Charge) -> Option<Charge> {
    book.enter_charge(charge).await.expect("a charge is entered")
}

async fn read(book: &dyn Book, key: &Key) -> Option<Charge> {
    book.charge(key).await.expect("a charge is read")
}

async fn refunded(book: &dyn Book, charge: &Charge) -> i64 {
    read(book, &charge.key).await.map(|charge| charge.refunded).expect("the charge is there")
}
