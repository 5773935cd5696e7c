//! The ledger: posting a transaction with its balances, and reading accounts.

use async_trait::async_trait;
use domain::ids::{EntryId, TenantId};
use domain::ledger::{AccountId, AccountKind, Balance, BalanceChange, Entry, Posting, Source, Transaction};
use domain::page::{Page, PageRequest};
use domain::wallet::Wallet;
use ports::PortError;
use ports::commerce::Accounts;

use super::page::{by_id, page};
use super::{CommerceTable, Store};

impl CommerceTable {
    /// `wallets` as the posting leaves them; the other accounts' balances are added to here.
    pub(super) fn post(&mut self, tenant: TenantId, posting: Posting, wallets: Vec<Wallet>) {
        let Posting { transaction, balances } = posting;
        for wallet in wallets {
            self.wallets.insert((tenant, wallet.id), wallet);
            self.stream.push_other();
        }
        for change in balances.into_iter().filter(|change| !matches!(change.account.kind, AccountKind::Wallet(_))) {
            let BalanceChange { account, shard: _, posted, pending } = change;
            let empty = Balance { account, posted: 0, pending: 0 };
            let balance = self.balances.entry((tenant, account)).or_insert(empty);
            balance.posted += posted;
            balance.pending += pending;
            self.stream.push_other();
        }
        if let Some(transaction) = transaction {
            for entry in transaction.entries() {
                self.entries.insert((tenant, entry.account, entry.id), entry.clone());
            }
            self.transactions.insert((tenant, transaction.source()), transaction.clone());
            self.stream.push(None, Some(transaction));
        }
    }
}

#[async_trait]
impl Accounts for Store {
    async fn balance(&self, tenant: TenantId, account: AccountId) -> Result<Option<Balance>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let of_wallet = table.wallet(tenant, account).map(Wallet::balance);
            Ok(of_wallet.or_else(|| table.balances.get(&(tenant, account)).copied()))
        };
        self.faults.call("accounts.balance", effect).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        request: PageRequest<AccountId>,
    ) -> Result<Page<Balance, AccountId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let of_tenant = table.balances.iter().filter(|((owner, _), _)| *owner == tenant);
            let in_order = of_tenant.map(|((_, account), balance)| (*account, balance));
            Ok(page(in_order, request, |one, other| one < other))
        };
        self.faults.call("accounts.list", effect).await
    }

    async fn entries(
        &self,
        tenant: TenantId,
        account: AccountId,
        request: PageRequest<EntryId>,
    ) -> Result<Page<Entry, EntryId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let of_account =
                (tenant, account, EntryId::from_u128(0))..=(tenant, account, EntryId::from_u128(u128::MAX));
            let newest_first = table.entries.range(of_account).rev().map(|((_, _, id), entry)| (*id, entry));
            Ok(page(newest_first, request, by_id))
        };
        self.faults.call("accounts.entries", effect).await
    }

    async fn transaction(&self, tenant: TenantId, source: Source) -> Result<Option<Transaction>, PortError> {
        let effect = || Ok(self.commerce.get().transactions.get(&(tenant, source)).cloned());
        self.faults.call("accounts.transaction", effect).await
    }
}
