//! Receipts: made by a worker when a payment has succeeded or money went back, and read by a link that ends. A document never
//! changes: with more refunded there is another one.

use std::time::Duration;

use domain::event::Notice;
use domain::file::FileName;
use domain::ids::{FileId, PaymentId, TenantId};
use domain::ledger::Source;
use domain::logo::{LOGO_BYTES_MAX, Logo};
use domain::order::Order;
use domain::payment::{Payment, PaymentRefusal};
use domain::receipt::{Receipt, ReceiptKey, Unprintable};
use domain::time::Timestamp;
use ports::blobs::{BlobKey, Blobs, Link};
use ports::commerce::{Accounts, Consistency, Orders, Payments};
use ports::identity::Tenants;
use ports::mail::MailBook;
use ports::platform::Files;

use crate::work::{WorkError, merchant};
use crate::{Context, Error};

/// How long a link to a receipt works.
pub const DOWNLOAD_WITHIN: Duration = Duration::from_secs(15 * 60);
const CONTENT_TYPE: &str = "application/pdf";

/// How a receipt becomes a document: fonts and pages are no matter of the use case.
pub type Print = fn(&Receipt) -> Result<Vec<u8>, Unprintable>;

#[derive(Clone, Copy)]
pub struct Rendering<'a> {
    pub payments: &'a dyn Payments,
    pub orders: &'a dyn Orders,
    pub accounts: &'a dyn Accounts,
    pub tenants: &'a dyn Tenants,
    pub book: &'a dyn MailBook,
    pub files: &'a dyn Files,
    pub blobs: &'a dyn Blobs,
    pub print: Print,
}

/// One message of the receipts queue. Whatever it tells of, the receipt is of what the payment is now; one that is there stays.
pub async fn render(on: Rendering<'_>, notice: &Notice) -> Result<(), WorkError> {
    let tenant = notice.tenant;
    // A refund's subject begins with its payment.
    let payment = notice.subject.split('/').next().and_then(|id| id.parse::<PaymentId>().ok());
    let id = payment.ok_or_else(|| WorkError::Poison("the message names no payment".to_owned()))?;
    let payment = on.payments.get(tenant, id, Consistency::Strong).await?;
    let payment = payment.ok_or_else(|| WorkError::Poison(format!("there is no payment {id}")))?;
    let current = payment.status;
    let key = ReceiptKey::of(&payment).ok_or(PaymentRefusal::NoReceipt { current })?;
    let blob = BlobKey::receipt(key);
    if on.blobs.head(blob).await?.is_some() {
        return Ok(());
    }
    let logo = logo(on, tenant).await?;
    let receipt = Receipt {
        merchant: merchant(on.tenants, tenant).await?,
        logo: None,
        order: order(on, &payment).await?,
        paid_at: paid_at(on, tenant, id).await?,
        payment,
    };
    let document = printed(on, receipt, logo).map_err(|error| WorkError::Poison(error.to_string()))?;
    Ok(on.blobs.put(blob, CONTENT_TYPE, document).await?)
}

/// A receipt is worth more than its decoration: where it cannot be printed with its logo, it is without.
fn printed(on: Rendering<'_>, plain: Receipt, logo: Option<(FileId, Logo)>) -> Result<Vec<u8>, Unprintable> {
    let Some((file, logo)) = logo else { return (on.print)(&plain) };
    let decorated = Receipt { logo: Some(logo), ..plain.clone() };
    (on.print)(&decorated).or_else(|error| {
        tracing::warn!(error = %error, file_id = %file, "receipt printed without its logo");
        (on.print)(&plain)
    })
}

/// Of a file that was deleted since there is none, nor of one that is no logo: a receipt goes on without.
async fn logo(on: Rendering<'_>, tenant: TenantId) -> Result<Option<(FileId, Logo)>, WorkError> {
    let Some(id) = on.book.settings(tenant).await?.and_then(|settings| settings.logo) else { return Ok(None) };
    let file = on.files.get(tenant, id, Consistency::Strong).await?;
    let Some(file) = file.filter(|file| Logo::check(file).is_ok()) else { return Ok(None) };
    let bytes = on.blobs.beginning(BlobKey::file(tenant, id), LOGO_BYTES_MAX).await?;
    let Some(bytes) = bytes else { return Ok(None) };
    match Logo::of(file.content_type, bytes) {
        Ok(logo) => Ok(Some((id, logo))),
        Err(invalid) => {
            tracing::warn!(code = invalid.code, file_id = %id, "receipt printed without its logo");
            Ok(None)
        }
    }
}

async fn order(on: Rendering<'_>, payment: &Payment) -> Result<Option<Order>, WorkError> {
    let Some(id) = payment.order else { return Ok(None) };
    let found = on.orders.get(payment.tenant, id, Consistency::Strong).await?;
    found.map(Some).ok_or_else(|| WorkError::Poison(format!("there is no order {id}")))
}

/// The ledger's moment: the payment's own move on with every refund.
async fn paid_at(on: Rendering<'_>, tenant: TenantId, payment: PaymentId) -> Result<Timestamp, WorkError> {
    let charge = on.accounts.transaction(tenant, Source::Charge(payment)).await?;
    charge.map(|it| it.posted_at()).ok_or_else(|| WorkError::Poison(format!("nothing was posted for {payment}")))
}

/// Where a payment's receipt is; `None` while it is being made.
pub async fn link(
    context: &Context<'_>,
    payments: &dyn Payments,
    blobs: &dyn Blobs,
    tenant: TenantId,
    id: PaymentId,
) -> Result<Option<Link>, Error> {
    // One who has just heard of a refund gets the receipt that shows it.
    let payment = payments.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("payment"))?;
    let current = payment.status;
    let key = ReceiptKey::of(&payment).ok_or(Error::Payment(PaymentRefusal::NoReceipt { current }))?;
    let blob = BlobKey::receipt(key);
    if blobs.head(blob).await?.is_none() {
        return Ok(None);
    }
    let name = FileName::parse(&format!("receipt-{id}.pdf")).map_err(|error| Error::Invalid(vec![error.at("/id")]))?;
    Ok(Some(blobs.download_link(blob, &name, CONTENT_TYPE, context.now(), DOWNLOAD_WITHIN).await?))
}
