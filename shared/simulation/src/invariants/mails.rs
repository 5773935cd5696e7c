//! What people were told: everybody of everything that a mail tells of, unless its message was buried. Nobody was told of what
//! did not happen.

use domain::event::{Event, EventType, Queue};
use domain::ids::TenantId;
use domain::mail::{Mail, MailKind};
use domain::payment::DeclineCode;
use domain::refund::RefundStatus;
use domain::time::Timestamp;
use memory::Contents;

use super::{Holds, ensure};
use crate::world::World;

pub(super) fn were_sent(world: &World, contents: &Contents) -> Holds {
    let taken = world.mailer.taken();
    let buried = world.queues.dead_letters(Queue::Notifications);
    let told_of = contents.events.iter().filter(|event| MailKind::of(event.kind).is_some());
    for event in told_of {
        let is_buried = buried.iter().any(|letter| letter.notice.event == event.id);
        let tells = |mail: &&Mail| tells_of(mail, event);
        let is_told = taken.iter().any(|mail| tells(&mail));
        ensure(is_told || is_buried || has_no_reader(event, contents), || {
            format!("nobody was told of {} {}", event.kind.as_str(), event.subject)
        })?;
    }
    let stray = taken.iter().find(|mail| !is_of_something(mail, contents));
    ensure(stray.is_none(), || format!("somebody was told of what did not happen: {stray:?}"))
}

/// Events are gone some day; what they told of is not.
fn is_of_something(mail: &Mail, contents: &Contents) -> bool {
    let names = |id: String| mail.written.text.contains(&id);
    let ours = |tenant: TenantId| tenant == mail.tenant;
    match mail.kind {
        MailKind::Receipt => {
            contents.payments.iter().any(|it| ours(it.tenant) && it.captured > 0 && names(it.id.to_string()))
        }
        MailKind::PaymentFailed => {
            let was_tried = |failure| failure != DeclineCode::NoProvider;
            let failed = contents.payments.iter().filter(|it| it.failure.is_some_and(was_tried));
            failed.into_iter().any(|it| ours(it.tenant) && names(it.id.to_string()))
        }
        MailKind::Refund => {
            let done = contents.refunds.iter().filter(|it| it.status == RefundStatus::Succeeded);
            done.into_iter().any(|it| ours(it.tenant) && names(it.id.to_string()))
        }
        MailKind::Dispute => contents.disputes.iter().any(|it| ours(it.tenant) && names(it.id.to_string())),
        MailKind::ProviderKeyRefused => names("Stripe".to_owned()),
        MailKind::WebhookDisabled => contents.endpoints.iter().any(|it| ours(it.tenant) && names(it.id.to_string())),
    }
}

/// A mail says what it is of by the id of it.
pub(crate) fn tells_of(mail: &Mail, event: &Event) -> bool {
    let subject = event.subject.rsplit('/').next().unwrap_or_default();
    let text = mail.written.text.to_lowercase();
    mail.tenant == event.tenant && mail.kind.event() == event.kind && text.contains(subject)
}

/// What is of no order has no customer whose address is known, and one that nobody could charge is told nothing; what is well
/// again is nobody's concern.
fn has_no_reader(event: &Event, contents: &Contents) -> bool {
    let payment = event.subject.split('/').next().unwrap_or_default();
    let payments = contents.payments.iter();
    let mut of_event = payments.filter(|it| it.tenant == event.tenant && it.id.to_string() == payment);
    let has_no_customer = of_event.any(|it| it.order.is_none() || it.failure == Some(DeclineCode::NoProvider));
    // A webhook endpoint that was enabled again, or deleted, before its owner was told.
    let mut disabled = contents.endpoints.iter().filter(|endpoint| !endpoint.is_enabled());
    // A key after which another has come, or whose account is gone.
    let of_tenant = contents.connections.iter().filter(|it| it.tenant == event.tenant);
    let mut refused = of_tenant.flat_map(|it| &it.connected).filter(|it| it.key_refused_at.is_some());
    let is_of_key = event.kind == EventType::ProviderKeyRefused;
    let is_shown = |at: Timestamp| event.object.contains(&api::rfc3339(at));
    let is_no_more = is_of_key && !refused.any(|it| it.key_refused_at.is_some_and(is_shown));
    let is_of_endpoint = event.kind == EventType::WebhookEndpointDisabled;
    has_no_customer
        || is_no_more
        || (is_of_endpoint && !disabled.any(|endpoint| endpoint.id.to_string() == event.subject))
}
