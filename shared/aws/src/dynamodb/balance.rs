//! Balance rows: an account's balance is the sum of up to sixteen, each a pair of counters that transactions add to. Which
//! row a transaction adds to follows from its source, so that parallel ones mostly meet different items.

use aws_sdk_dynamodb::types::Update;
use domain::ids::TenantId;
use domain::ledger::{AccountId, Balance};
use ports::PortError;
use serde::{Deserialize, Serialize};

use super::key::Key;
use super::record::{KIND, Kind, Reader, Stored, Unreadable};
use super::transact::built;
use super::{Table, number, text};

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) posted: i64,
    pub(super) pending: i64,
}

/// Adds to a row, which need not be there. It reads nothing and has no condition: additions may come in any order.
pub(super) fn add(
    table: &Table,
    tenant: TenantId,
    account: AccountId,
    shard: u8,
    sums: Sums,
) -> Result<Update, PortError> {
    let Sums { posted, pending } = sums;
    let update = Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::balance(tenant, account, shard).into_attributes()))
        .update_expression(
            "SET #kind = :kind, #tenant = :tenant, #account = :account, #shard = :shard ADD #posted :posted, #pending :pending",
        )
        .expression_attribute_names("#kind", KIND)
        .expression_attribute_names("#tenant", "tenant")
        .expression_attribute_names("#account", "account")
        .expression_attribute_names("#shard", "shard")
        .expression_attribute_names("#posted", "posted")
        .expression_attribute_names("#pending", "pending")
        .expression_attribute_values(":kind", text(Kind::Balance.as_str()))
        .expression_attribute_values(":tenant", text(tenant.to_string()))
        .expression_attribute_values(":account", text(account.to_string()))
        .expression_attribute_values(":shard", number(shard))
        .expression_attribute_values(":posted", number(posted))
        .expression_attribute_values(":pending", number(pending));
    built(update.build())
}

pub(super) struct BalanceRow {
    tenant: TenantId,
    account: AccountId,
    shard: u8,
    sums: Sums,
}

impl BalanceRow {
    pub(super) fn account(&self) -> AccountId {
        self.account
    }

    pub(super) fn add_to(&self, balance: &mut Balance) {
        balance.posted += self.sums.posted;
        balance.pending += self.sums.pending;
    }
}

impl Stored for BalanceRow {
    const KIND: Kind = Kind::Balance;
    type Record = BalanceRecord;

    fn key(&self) -> Key {
        Key::balance(self.tenant, self.account, self.shard)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct BalanceRecord {
    tenant: String,
    account: String,
    shard: u8,
    posted: i64,
    pending: i64,
}

impl From<&BalanceRow> for BalanceRecord {
    fn from(row: &BalanceRow) -> Self {
        let BalanceRow { tenant, account, shard, sums: Sums { posted, pending } } = row;
        Self {
            tenant: tenant.to_string(),
            account: account.to_string(),
            shard: *shard,
            posted: *posted,
            pending: *pending,
        }
    }
}

impl TryFrom<BalanceRecord> for BalanceRow {
    type Error = Unreadable;

    fn try_from(record: BalanceRecord) -> Result<Self, Unreadable> {
        let BalanceRecord { tenant, account, shard, posted, pending } = record;
        let reader = Reader(Kind::Balance);
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            account: reader.parse("account", &account)?,
            shard,
            sums: Sums { posted, pending },
        })
    }
}
