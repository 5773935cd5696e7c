//! Telling people by mail what happened: the customer of an order's payment, or the tenant's owners. A mail is claimed, sent
//! and noted as sent. Who dies before the note lets it be sent again; nobody else does.

use domain::access::Role;
use domain::connection::ProviderName;
use domain::dispute::Dispute;
use domain::event::Notice;
use domain::ids::{DisputeId, OrderId, PaymentId, TenantId};
use domain::mail::{AddressHash, Letter, Mail, MailClaim, MailId, MailKind, MailSettings, Matter, Unwritable, Written};
use domain::opt_out::{OptOut, OptOutLink, OptOutToken};
use domain::order::Order;
use domain::page::Limit;
use domain::payment::{DeclineCode, Payment};
use domain::text::{Email, Name};
use ports::commerce::{Consistency, Disputes, Orders, Payments, Refunds};
use ports::connections::Connections;
use ports::identity::{Tenants, Users};
use ports::mail::{MailBook, Mailer, OptOutKey};
use ports::webhooks::WebhookEndpoints;

use crate::Context;
use crate::settle_refund::RefundKey;
use crate::work::{WorkError, merchant};

/// How many owners are told of one thing.
const OWNERS_TOLD_MAX: usize = 10;

/// How a letter becomes what is read: templates are no matter of the use case.
pub type Write = fn(&Letter) -> Result<Written, Unwritable>;

#[derive(Clone, Copy)]
pub struct Notifying<'a> {
    pub book: &'a dyn MailBook,
    pub mailer: &'a dyn Mailer,
    pub write: Write,
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
    pub refunds: &'a dyn Refunds,
    pub disputes: &'a dyn Disputes,
    pub tenants: &'a dyn Tenants,
    pub users: &'a dyn Users,
    pub endpoints: &'a dyn WebhookEndpoints,
    pub connections: &'a dyn Connections,
    pub opt_out_key: &'a dyn OptOutKey,
    /// How many mails a tenant may send in a day.
    pub mails_per_day: u32,
    /// The API as its clients see it, where links lead.
    pub public_url: &'a str,
}

/// What is told, in whose name.
struct News {
    kind: MailKind,
    merchant: Name,
    settings: MailSettings,
    matter: Matter,
}

/// One to be told.
struct Reader {
    name: Name,
    email: Email,
}

/// One message of the notifications queue.
pub async fn notify(context: &Context<'_>, on: Notifying<'_>, notice: &Notice) -> Result<(), WorkError> {
    let tenant = notice.tenant;
    let kind = MailKind::of(notice.kind)
        .ok_or_else(|| WorkError::Poison(format!("no mail tells of {}", notice.kind.as_str())))?;
    let settings = on.book.settings(tenant).await?.unwrap_or_else(|| MailSettings::standard(tenant));
    if settings.off.contains(&kind) {
        return Ok(());
    }
    let Some((matter, readers)) = news(on, notice, kind).await? else { return Ok(()) };
    let merchant = merchant(on.tenants, tenant).await?;
    let news = News { kind, merchant, settings, matter };
    let mut first_fault = None;
    for reader in readers {
        // One address that takes no mail keeps it from nobody else.
        if let Err(fault) = tell(context, on, notice, &news, reader).await {
            let is_better = first_fault.as_ref().is_none_or(|first: &WorkError| !first.retryable());
            first_fault = if is_better { Some(fault) } else { first_fault };
        }
    }
    first_fault.map_or(Ok(()), Err)
}

async fn tell(
    context: &Context<'_>,
    on: Notifying<'_>,
    notice: &Notice,
    news: &News,
    Reader { name, email }: Reader,
) -> Result<(), WorkError> {
    let (tenant, address) = (notice.tenant, AddressHash::of(&email));
    let refusal = on.book.refusal(tenant, address).await?;
    if refusal.is_some_and(|refusal| refusal.stops(news.kind)) {
        return Ok(());
    }
    // Taken before such addresses were refused at the edge.
    if !email.is_mailable() {
        return Err(WorkError::Poison("the reader's address is not of ASCII characters (RFC 6531)".to_owned()));
    }
    let News { kind, merchant, settings, matter } = news;
    let opt_out = match kind.is_to_customer() {
        true => Some(opt_out_link(on, OptOut { tenant, address }).await?),
        false => None,
    };
    let (merchant, matter) = (merchant.clone(), matter.clone());
    let from_name = settings.from_name.clone().unwrap_or_else(|| merchant.clone());
    let letter = Letter { merchant, to_name: name, matter, opt_out: opt_out.clone() };
    let written = (on.write)(&letter).map_err(|error| WorkError::Poison(error.to_string()))?;
    let reply_to = settings.reply_to.clone();
    let mail = Mail { tenant, kind: *kind, from_name, reply_to, to: email, opt_out, written };
    send_once(context, on, notice, &mail).await
}

async fn opt_out_link(on: Notifying<'_>, of: OptOut) -> Result<OptOutLink, WorkError> {
    let signature = on.opt_out_key.sign(&of).await?;
    Ok(OptOutLink::new(on.public_url, OptOutToken { of, signature }))
}

async fn send_once(context: &Context<'_>, on: Notifying<'_>, notice: &Notice, mail: &Mail) -> Result<(), WorkError> {
    let tenant = notice.tenant;
    let id = MailId { event: notice.event, address: AddressHash::of(&mail.to) };
    match on.book.claim(tenant, id, on.mails_per_day, context.now()).await? {
        MailClaim::Sent => return Ok(()),
        MailClaim::Busy => return Err(WorkError::Retry { reason: "another sends it, or died at it", source: None }),
        MailClaim::DayFull => {
            let (event_id, kind) = (notice.event, mail.kind.as_str());
            tracing::error!(%tenant, %event_id, kind, "a mail is not sent: its tenant has had all of a day");
            return Ok(());
        }
        MailClaim::Ours => {}
    }
    on.mailer.send(mail).await?;
    Ok(on.book.mark_sent(tenant, id, context.now()).await?)
}

/// What is told, and to whom; `None` where nobody's address is known, as of a payment without an order.
async fn news(on: Notifying<'_>, notice: &Notice, kind: MailKind) -> Result<Option<(Matter, Vec<Reader>)>, WorkError> {
    let tenant = notice.tenant;
    let unnamed = || WorkError::Poison(format!("the message names no subject of {}", notice.kind.as_str()));
    match kind {
        MailKind::Receipt => {
            let payment = payment(on, tenant, notice.subject.parse().map_err(|_| unnamed())?).await?;
            let Some(order) = order(on, tenant, payment.order).await? else { return Ok(None) };
            let readers = customer(&order);
            Ok(Some((Matter::Receipt { payment, order }, readers)))
        }
        MailKind::PaymentFailed => {
            let payment = payment(on, tenant, notice.subject.parse().map_err(|_| unnamed())?).await?;
            // Nobody has tried to charge its customer, and whoever has no provider could tell anybody so.
            if payment.failure == Some(DeclineCode::NoProvider) {
                return Ok(None);
            }
            let Some(order) = order(on, tenant, payment.order).await? else { return Ok(None) };
            let readers = customer(&order);
            Ok(Some((Matter::PaymentFailed { payment, order }, readers)))
        }
        MailKind::Refund => {
            let RefundKey { payment, refund, .. } = RefundKey::of(notice).ok_or_else(unnamed)?;
            let found = on.refunds.get(tenant, payment, refund, Consistency::Strong).await?;
            let refund = found.ok_or_else(|| WorkError::Poison(format!("there is no refund {refund}")))?;
            let Some(order) = order(on, tenant, refund.order).await? else { return Ok(None) };
            let readers = customer(&order);
            Ok(Some((Matter::Refund { refund, order }, readers)))
        }
        MailKind::Dispute => {
            let dispute = dispute(on, tenant, notice.subject.parse().map_err(|_| unnamed())?).await?;
            Ok(Some((Matter::Dispute { dispute }, owners(on, tenant).await?)))
        }
        MailKind::ProviderKeyRefused => {
            let provider: ProviderName = notice.subject.parse().map_err(|_| unnamed())?;
            let connected = on.connections.get(tenant, Consistency::Strong).await?;
            let refused_at = connected.of(provider).and_then(|connection| connection.key_refused_at);
            // Another key has come, or the account is no more connected.
            let Some(refused_at) = refused_at else { return Ok(None) };
            Ok(Some((Matter::ProviderKeyRefused { provider, refused_at }, owners(on, tenant).await?)))
        }
        MailKind::WebhookDisabled => {
            let id = notice.subject.parse().map_err(|_| unnamed())?;
            let endpoint = on.endpoints.get(tenant, id, Consistency::Strong).await?;
            // One that is gone or enabled again is nobody's concern any more.
            let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_enabled()) else { return Ok(None) };
            Ok(Some((Matter::WebhookDisabled { endpoint }, owners(on, tenant).await?)))
        }
    }
}

fn customer(order: &Order) -> Vec<Reader> {
    vec![Reader { name: order.customer.name.clone(), email: order.customer.email.clone() }]
}

async fn payment(on: Notifying<'_>, tenant: TenantId, id: PaymentId) -> Result<Payment, WorkError> {
    let found = on.payments.get(tenant, id, Consistency::Strong).await?;
    found.ok_or_else(|| WorkError::Poison(format!("there is no payment {id}")))
}

async fn order(on: Notifying<'_>, tenant: TenantId, id: Option<OrderId>) -> Result<Option<Order>, WorkError> {
    let Some(id) = id else { return Ok(None) };
    let found = on.orders.get(tenant, id, Consistency::Strong).await?;
    found.map(Some).ok_or_else(|| WorkError::Poison(format!("there is no order {id}")))
}

async fn dispute(on: Notifying<'_>, tenant: TenantId, id: DisputeId) -> Result<Dispute, WorkError> {
    let found = on.disputes.get(tenant, id, Consistency::Strong).await?;
    found.ok_or_else(|| WorkError::Poison(format!("there is no dispute {id}")))
}

/// The longest-standing owners among the longest-standing users: whoever adds users at will does not send mail at will.
async fn owners(on: Notifying<'_>, tenant: TenantId) -> Result<Vec<Reader>, WorkError> {
    let eldest = on.users.eldest(tenant, Limit::LARGEST).await?;
    let owners = eldest.into_iter().filter(|user| user.role == Role::Owner).take(OWNERS_TOLD_MAX);
    Ok(owners.map(|user| Reader { name: user.name, email: user.email }).collect())
}
