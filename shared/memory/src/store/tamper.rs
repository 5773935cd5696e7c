//! What somebody with access to the table could do to the ledger behind the application's back. For tests of what is noticed.

use domain::closing::Closing;
use domain::ids::TenantId;
use domain::journal::Block;
use domain::ledger::{AccountId, AccountKind, Entry, Source, Transaction};

use super::Store;

#[derive(Debug, Clone)]
pub enum Tampering {
    /// The row of the transaction's source becomes this one; its mark stays.
    Transaction(Transaction),
    Remove(TenantId, Source),
    Mark(TenantId, Source, Option<u64>),
    Entry(TenantId, Entry),
    RemoveEntry(TenantId, Entry),
    Block(Block),
    RemoveBlock(TenantId, u64),
    /// The block at the first number says that it has the second.
    Renumber(TenantId, u64, u64),
    Balance(TenantId, AccountId, i64),
    Closing(TenantId, Closing),
}

impl Store {
    pub fn tamper(&self, with: Tampering) {
        let mut table = self.commerce.get();
        match with {
            Tampering::Transaction(transaction) => {
                table.transactions.insert((transaction.tenant(), transaction.source()), transaction);
            }
            Tampering::Remove(tenant, source) => drop(table.transactions.remove(&(tenant, source))),
            Tampering::Mark(tenant, source, Some(number)) => drop(table.marks.insert((tenant, source), number)),
            Tampering::Mark(tenant, source, None) => drop(table.marks.remove(&(tenant, source))),
            Tampering::Entry(tenant, entry) => {
                table.entries.insert((tenant, entry.account, entry.id), entry);
            }
            Tampering::RemoveEntry(tenant, entry) => drop(table.entries.remove(&(tenant, entry.account, entry.id))),
            Tampering::Block(block) => drop(table.blocks.insert((block.tenant, block.number), block)),
            Tampering::Renumber(tenant, number, said) => {
                if let Some(block) = table.blocks.get_mut(&(tenant, number)) {
                    block.number = said;
                }
            }
            Tampering::RemoveBlock(tenant, number) => drop(table.blocks.remove(&(tenant, number))),
            Tampering::Closing(tenant, closing) => {
                table.closings.insert((tenant, closing.account, closing.upto), closing);
            }
            Tampering::Balance(tenant, account, posted) => {
                if let Some(balance) = table.balances.get_mut(&(tenant, account)) {
                    balance.posted = posted;
                }
                if let AccountKind::Wallet(id) = account.kind
                    && let Some(wallet) = table.wallets.get_mut(&(tenant, id))
                {
                    wallet.posted = posted;
                }
            }
        }
    }
}
