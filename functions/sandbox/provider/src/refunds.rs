//! Refunds: made and found.

use domain::idempotency::Fingerprint;
use http_kit::{Request, Response};
use sandbox::{Book, Charge, Entered, Refund, RefundRefusal, RefundStatus};

use crate::input::{self, RefundInput};
use crate::refusal::Refusal;
use crate::{decision, view};

pub(crate) async fn create(book: &dyn Book, request: &Request) -> Result<Response, Refusal> {
    let key = input::key_of_header(request)?;
    let RefundInput { charge, money, fingerprint } = input::refund(&request.body)?;
    if let Some(before) = book.refund(&key).await? {
        return again(&before, fingerprint);
    }
    let charge = find_charge(book, &charge).await?;
    let status = decision::refund(&charge, money)?;
    let refund = Refund { key, fingerprint, charge: charge.key, money, status };
    match book.enter_refund(&refund).await? {
        Entered::Now => view::refunded(&refund),
        Entered::Before(before) => again(&before, fingerprint),
        Entered::Exceeded => refuse(book, refund).await,
    }
}

async fn find_charge(book: &dyn Book, id: &str) -> Result<Charge, Refusal> {
    let not_found = || Refusal::new(404, "charge_not_found", "There is no such charge.");
    let key = Charge::key_of(id).ok_or_else(not_found)?;
    book.charge(&key).await?.ok_or_else(not_found)
}

/// Another refund has taken the rest meanwhile.
async fn refuse(book: &dyn Book, refund: Refund) -> Result<Response, Refusal> {
    let refused = Refund { status: RefundStatus::Refused(RefundRefusal::AmountTooLarge), ..refund };
    match book.enter_refund(&refused).await? {
        Entered::Before(before) => again(&before, refused.fingerprint),
        Entered::Now | Entered::Exceeded => view::refunded(&refused),
    }
}

/// The answer to a key that has a refund.
fn again(before: &Refund, fingerprint: Fingerprint) -> Result<Response, Refusal> {
    if before.fingerprint != fingerprint {
        return Err(Refusal::new(422, "idempotency_key_reused", "The key was used for another refund."));
    }
    view::refunded(before)
}

pub(crate) async fn find(book: &dyn Book, request: &Request) -> Result<Response, Refusal> {
    let refund = book.refund(&input::key_of_query(request)?).await?;
    Ok(view::list(refund.as_ref().map(view::refund)))
}
