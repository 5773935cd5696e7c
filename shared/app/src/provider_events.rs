//! What providers tell of their own accord: proved, taken in once, and left to a worker, which asks the provider. The event
//! itself decides nothing, so events may be late, in any order, or older than what is known.

use domain::connection::ProviderName;
use domain::event::{EventType, Notice};
use domain::idempotency::{Answer, Claim, Fingerprint, IdempotencyKey};
use domain::ids::{PaymentId, TenantId};
use ports::commerce::{Commerce, Commit};
use ports::provider::{NoticeRefusal, ProviderEvents, ProviderNotice};

use crate::commit;
use crate::{Context, Error, Outcome};

/// What is answered to every event that is the provider's.
const TAKEN: &str = r#"{"received":true}"#;

/// A provider that may tell something.
#[derive(Clone, Copy)]
pub struct Teller<'a> {
    pub name: ProviderName,
    /// Whose account it is, where it is one tenant's: of others' payments it tells nothing.
    pub tenant: Option<TenantId>,
    pub events: &'a dyn ProviderEvents,
}

/// The event's row is the worker's job; its id, which the provider keeps when it tells the same again, is its key.
pub async fn take_in(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    teller: Teller<'_>,
    signature: &str,
    body: &[u8],
) -> Result<Outcome, Error> {
    let Teller { name, tenant: own, events } = teller;
    let name = name.as_str();
    let now = context.now();
    let answer = Answer { status: 200, location: None, body: TAKEN.to_owned() };
    let Some(notice) = events.read(signature, body, now).await.map_err(Error::Notice)? else {
        return Ok(Outcome::Done(answer));
    };
    let ProviderNotice { id, tenant, payment } = notice;
    let is_of_another = own.is_some_and(|own| own != tenant);
    if is_of_another {
        return Ok(Outcome::Done(answer));
    }
    let key = IdempotencyKey::parse(&id).map_err(|_| Error::Notice(NoticeRefusal::Malformed))?;
    // A provider may tell the same in other words: the fingerprint is of nothing.
    let claim = Claim { route: format!("provider {name}"), key, fingerprint: Fingerprint([0; 32]) };
    let subject = format!("{payment}/{id}");
    let object = api::provider_event(&id, name, payment);
    let events = vec![context.event(tenant, EventType::ProviderEventReceived, subject, object)];
    let record = commit::record(Some(&claim), &answer, now);
    commit::answer(commerce, Commit { tenant, record, changes: Vec::new(), events, now }, answer).await
}

/// The payment that a notice of such an event is about: its subject is `<payment>/<the provider's id>`.
pub fn payment_of(notice: &Notice) -> Option<(TenantId, PaymentId)> {
    let (payment, _) = notice.subject.split_once('/')?;
    Some((notice.tenant, payment.parse().ok()?))
}
