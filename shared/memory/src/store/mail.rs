//! The book of mails.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::mail::{AddressHash, Day, Lifting, MailClaim, MailId, MailSettings, Refusal, RefusedAddress, SENDING_FOR};
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use ports::PortError;
use ports::mail::MailBook;

use super::Store;
use super::page::{by_id, page};

#[derive(Debug, Clone, Copy)]
pub(super) enum MailState {
    Claimed { until: Timestamp },
    Sent,
    DayFull,
}

#[async_trait]
impl MailBook for Store {
    async fn settings(&self, tenant: TenantId) -> Result<Option<MailSettings>, PortError> {
        self.faults.call("mail.settings", || Ok(self.platform.get().mail_settings.get(&tenant).cloned())).await
    }

    async fn save_settings(&self, settings: &MailSettings) -> Result<bool, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            let version = table.mail_settings.get(&settings.tenant).map_or(0, |stored| stored.version);
            let follows = version + 1 == settings.version;
            if follows {
                table.mail_settings.insert(settings.tenant, settings.clone());
            }
            Ok(follows)
        };
        self.faults.call("mail.save_settings", effect).await
    }

    async fn claim(
        &self,
        tenant: TenantId,
        mail: MailId,
        per_day: u32,
        now: Timestamp,
    ) -> Result<MailClaim, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            let state = table.mails.get(&(tenant, mail)).copied();
            let claimed = MailState::Claimed { until: now.plus(SENDING_FOR) };
            let (next, claim) = match state {
                Some(MailState::Sent) => return Ok(MailClaim::Sent),
                Some(MailState::DayFull) => return Ok(MailClaim::DayFull),
                Some(MailState::Claimed { until }) if until > now => return Ok(MailClaim::Busy),
                Some(MailState::Claimed { .. }) => (claimed, MailClaim::Ours),
                None => {
                    let counted = table.mail_counts.entry((tenant, Day::of(now))).or_default();
                    let is_within = *counted < per_day;
                    *counted += u32::from(is_within);
                    if is_within { (claimed, MailClaim::Ours) } else { (MailState::DayFull, MailClaim::DayFull) }
                }
            };
            table.mails.insert((tenant, mail), next);
            Ok(claim)
        };
        self.faults.call("mail.claim", effect).await
    }

    async fn mark_sent(&self, tenant: TenantId, mail: MailId, _: Timestamp) -> Result<(), PortError> {
        let effect = || {
            self.platform.get().mails.insert((tenant, mail), MailState::Sent);
            Ok(())
        };
        self.faults.call("mail.mark_sent", effect).await
    }

    async fn refusal(&self, tenant: TenantId, address: AddressHash) -> Result<Option<Refusal>, PortError> {
        let effect = || Ok(self.platform.get().refusals.get(&(tenant, address)).map(|refused| refused.refusal));
        self.faults.call("mail.refusal", effect).await
    }

    async fn refuse(
        &self,
        tenant: TenantId,
        address: AddressHash,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let effect = || {
            let refused = RefusedAddress { address, refusal, refused_at: now };
            let mut table = self.platform.get();
            let known = table.refusals.get(&(tenant, address));
            if known.is_none_or(|known| known.refusal.gives_way_to(refusal)) {
                table.refusals.insert((tenant, address), refused);
            }
            Ok(())
        };
        self.faults.call("mail.refuse", effect).await
    }

    async fn refused(
        &self,
        tenant: TenantId,
        request: PageRequest<AddressHash>,
    ) -> Result<Page<RefusedAddress, AddressHash>, PortError> {
        let effect = || {
            let table = self.platform.get();
            let of_tenant = (tenant, AddressHash([0; 32]))..=(tenant, AddressHash([u8::MAX; 32]));
            let rows = table.refusals.range(of_tenant).rev().map(|((_, address), refused)| (*address, refused));
            Ok(page(rows, request, by_id))
        };
        self.faults.call("mail.refused", effect).await
    }

    async fn accept(&self, tenant: TenantId, address: AddressHash) -> Result<Lifting, PortError> {
        let effect = || {
            let mut table = self.platform.get();
            Ok(match table.refusals.get(&(tenant, address)).map(|known| known.refusal.may_be_lifted()) {
                None => Lifting::NotRefused,
                Some(false) => Lifting::Stays,
                Some(true) => {
                    table.refusals.remove(&(tenant, address));
                    Lifting::Lifted
                }
            })
        };
        self.faults.call("mail.accept", effect).await
    }
}
