//! Many payments in one call. Each is taken in by itself, in a transaction with a record of its own, so that a call that died
//! half-way goes on where it was when it is sent again.

use domain::field::FieldError;
use domain::idempotency::{Answer, Claim};
use domain::ids::TenantId;
use domain::payment::NewPayment;
use futures_util::{StreamExt, stream};
use ports::commerce::{Commerce, Commit};

use crate::commit;
use crate::{Context, Error, Outcome, payments};

/// How many of them are under way together.
const AT_ONCE: usize = 8;

/// A payment that was read, or why it could not be.
pub type Input = Result<NewPayment, Vec<FieldError>>;

/// The outcomes are in the order of the inputs. Fails as a whole when the key belongs to another body, or that cannot be told.
pub async fn create(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: Claim,
    inputs: Vec<Input>,
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    bind(context, commerce, tenant, &claim).await?;
    let calls = inputs.into_iter().enumerate().map(|(index, input)| {
        let claim = claim_of(&claim, index);
        async move {
            let outcome = match input {
                Ok(input) => payments::create(context, commerce, tenant, claim, input).await,
                Err(errors) => Err(Error::Invalid(errors)),
            };
            // A problem within an answer is logged by nobody else.
            if let Err(Error::Port(error)) = &outcome {
                let cause = error.source.as_deref().map(ToString::to_string);
                tracing::warn!(error = %error, cause, index, "a payment of a bulk was not taken in");
            }
            outcome
        }
    });
    Ok(stream::iter(calls).buffered(AT_ONCE).collect().await)
}

/// Binds the key to the body before anything is done: what was refused leaves no record of its own, and another body could
/// slip in there. The record holds nothing back, so a call that dies after it may be sent again at once.
async fn bind(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: &Claim,
) -> Result<Outcome, Error> {
    let now = context.now();
    let answer = Answer { status: 200, location: None, body: String::new() };
    let record = commit::record(Some(claim), &answer, now);
    let commit = Commit { tenant, record, changes: Vec::new(), events: Vec::new(), now };
    commit::answer(commerce, commit, answer).await
}

/// The same key and body at a place of its own.
fn claim_of(claim: &Claim, index: usize) -> Claim {
    Claim { route: format!("{}/{index}", claim.route), ..claim.clone() }
}
