//! Charges: made, found, authenticated, captured, given up.

use domain::idempotency::Fingerprint;
use http_kit::{Request, Response};
use sandbox::{Beginning, Book, Charge, Step};

use crate::decision::{Behaviour, behaviour};
use crate::input::{self, ChargeInput};
use crate::refusal::Refusal;
use crate::{Deps, notify, view};

pub(crate) async fn create(deps: Deps<'_>, request: &Request) -> Result<Response, Refusal> {
    let Deps { book, api_key: _, dawdle, listener } = deps;
    let key = input::key_of_header(request)?;
    let ChargeInput { money, token, capture, client_reference, fingerprint } = input::charge(&request.body)?;
    if let Some(before) = book.charge(&key).await? {
        return again(&before, fingerprint);
    }
    let Behaviour { status, disputed, failures, dawdles } = behaviour(token.reveal());
    let is_to_fail = failures > 0 && book.count_call(&key).await? <= failures;
    if is_to_fail {
        return Err(Refusal::new(503, "unavailable", "The provider cannot answer at the moment."));
    }
    let beginning = Beginning { key, fingerprint, client_reference, money, capture, status, disputed };
    let charge = Charge::begun(beginning);
    if let Some(before) = book.enter_charge(&charge).await? {
        return again(&before, fingerprint);
    }
    if charge.dispute.is_some() {
        notify::tell(listener, &charge).await;
    }
    if dawdles {
        tokio::time::sleep(dawdle).await;
    }
    view::made(&charge)
}

/// The answer to a key that has a charge.
fn again(before: &Charge, fingerprint: Fingerprint) -> Result<Response, Refusal> {
    if before.fingerprint != fingerprint {
        return Err(Refusal::new(422, "idempotency_key_reused", "The key was used for another charge."));
    }
    view::made(before)
}

pub(crate) async fn find(book: &dyn Book, request: &Request) -> Result<Response, Refusal> {
    let charge = book.charge(&input::key_of_query(request)?).await?;
    Ok(view::list(charge.as_ref().map(view::charge)))
}

/// The customer confirms: the client hears of it, as it waits for that.
pub(crate) async fn authenticate(deps: Deps<'_>, request: &Request) -> Result<Response, Refusal> {
    let charge = step(deps.book, request, Step::Authenticate).await?;
    notify::tell(deps.listener, &charge).await;
    Ok(view::one(view::charge(&charge)))
}

pub(crate) async fn capture(book: &dyn Book, request: &Request) -> Result<Response, Refusal> {
    take(book, request, Step::Capture(input::capture(&request.body)?)).await
}

/// Takes a step on a charge that waits; one that does not is answered as it is.
pub(crate) async fn take(book: &dyn Book, request: &Request, step: Step) -> Result<Response, Refusal> {
    Ok(view::one(view::charge(&self::step(book, request, step).await?)))
}

async fn step(book: &dyn Book, request: &Request, step: Step) -> Result<Charge, Refusal> {
    let charge = book.take_step(&input::key_of_query(request)?, step).await?;
    charge.ok_or_else(|| Refusal::new(404, "charge_not_found", "The key has no charge."))
}
