//! Sending mail, and the book of what was sent, to whom nothing is sent, and how a tenant wants it.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::mail::{AddressHash, Lifting, Mail, MailClaim, MailId, MailSettings, Refusal, RefusedAddress};
use domain::opt_out::OptOut;
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;

use crate::PortError;

#[async_trait]
pub trait Mailer: Send + Sync {
    /// `Ok` means it was taken for delivery. Calling it twice sends twice. `Rejected`, when it never will be taken. No error
    /// says an address.
    async fn send(&self, mail: &Mail) -> Result<(), PortError>;
}

/// Signs the links by which readers say that they want no more mail.
#[async_trait]
pub trait OptOutKey: Send + Sync {
    /// The same each time.
    async fn sign(&self, of: &OptOut) -> Result<[u8; 32], PortError>;

    /// Whether the signature is ours, and of this.
    async fn is_signed(&self, of: &OptOut, signature: [u8; 32]) -> Result<bool, PortError>;
}

#[async_trait]
pub trait MailBook: Send + Sync {
    /// `None` when the tenant has never said any.
    async fn settings(&self, tenant: TenantId) -> Result<Option<MailSettings>, PortError>;

    /// Stands when the stored settings have the version before these ones', none having version 0; else `false` and nothing
    /// is written.
    async fn save_settings(&self, settings: &MailSettings) -> Result<bool, PortError>;

    /// Claims a mail for [`domain::mail::SENDING_FOR`], atomically: of several at once one is `Ours`. A claim that was not
    /// followed by `mark_sent` in that time is free. The first one counts as one of the `per_day` mails that the tenant may send
    /// on a day ([`domain::mail::Day`]); a mail that comes when there are so many is `DayFull`, and stays so.
    async fn claim(&self, tenant: TenantId, mail: MailId, per_day: u32, now: Timestamp)
    -> Result<MailClaim, PortError>;

    /// From now on a claim of it is `Sent`, for at least [`domain::mail::SENT_KEPT_FOR`]. Doing it twice does nothing more.
    async fn mark_sent(&self, tenant: TenantId, mail: MailId, now: Timestamp) -> Result<(), PortError>;

    /// Why the tenant's mail does not go to an address. Strongly consistent.
    async fn refusal(&self, tenant: TenantId, address: AddressHash) -> Result<Option<Refusal>, PortError>;

    /// From now on the tenant's mail does not go there. The first reason stays unless it gives way to this one.
    async fn refuse(
        &self,
        tenant: TenantId,
        address: AddressHash,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<(), PortError>;

    /// The addresses that the tenant's mail does not go to, by their hash, the highest first, by one query.
    async fn refused(
        &self,
        tenant: TenantId,
        page: PageRequest<AddressHash>,
    ) -> Result<Page<RefusedAddress, AddressHash>, PortError>;

    /// From now on the tenant's mail goes there again, unless the reason is one that stays.
    async fn accept(&self, tenant: TenantId, address: AddressHash) -> Result<Lifting, PortError>;
}
