//! Wallets: what a posting may do to one, and reading them.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind, Posting};
use domain::page::{Page, PageRequest};
use domain::wallet::Wallet;
use ports::PortError;
use ports::commerce::{CommitError, Consistency, Wallets};

use super::page::{by_id, newest_first, page};
use super::{CommerceTable, Store};

impl CommerceTable {
    pub(super) fn wallet(&self, tenant: TenantId, account: AccountId) -> Option<&Wallet> {
        let AccountKind::Wallet(id) = account.kind else { return None };
        self.wallets.get(&(tenant, id)).filter(|wallet| wallet.account() == account)
    }

    /// The wallets of a posting, as it leaves them.
    pub(super) fn book_on_wallets(&self, tenant: TenantId, posting: &Posting) -> Result<Vec<Wallet>, CommitError> {
        let of_wallets = posting.balances.iter().filter(|change| matches!(change.account.kind, AccountKind::Wallet(_)));
        let booked = of_wallets.map(|change| {
            let wallet = self.wallet(tenant, change.account).ok_or(CommitError::WalletMissing)?;
            wallet.book(change.posted, change.pending).map_err(CommitError::Overdrawn)
        });
        booked.collect()
    }
}

#[async_trait]
impl Wallets for Store {
    async fn get(&self, tenant: TenantId, account: AccountId, _: Consistency) -> Result<Option<Wallet>, PortError> {
        self.faults.call("wallets.get", || Ok(self.commerce.get().wallet(tenant, account).cloned())).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        request: PageRequest<AccountId>,
    ) -> Result<Page<Wallet, AccountId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let found = newest_first(&table.wallets, tenant).map(|(_, wallet)| (wallet.account(), wallet));
            Ok(page(found, request, by_id))
        };
        self.faults.call("wallets.list", effect).await
    }
}
