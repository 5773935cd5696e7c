//! Wallets: one item each, its balance beside its owner, so that one condition sees what is available of it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{ConditionCheck, ReturnValuesOnConditionCheckFailure, Update};
use domain::ids::TenantId;
use domain::ledger::{AccountId, AccountKind};
use domain::money::Currency;
use domain::order::Customer;
use domain::page::{Page, PageRequest};
use domain::text::{Email, Name};
use domain::time::Timestamp;
use domain::wallet::Wallet;
use ports::PortError;
use ports::commerce::{CommitError, Consistency, Wallets};
use serde::{Deserialize, Serialize};

use super::balance::Sums;
use super::key::{Key, PARTITION, Partition};
use super::query::Listing;
use super::record::{Kind, Reader, Stored, Unreadable, decode, ms};
use super::transact::{built, contradiction};
use super::{Attributes, CommerceTable, Table, number};

#[async_trait]
impl Wallets for CommerceTable {
    async fn get(
        &self,
        tenant: TenantId,
        account: AccountId,
        consistency: Consistency,
    ) -> Result<Option<Wallet>, PortError> {
        match account.kind {
            AccountKind::Wallet(_) => self.0.get("get a wallet", Key::wallet(tenant, account), consistency).await,
            AccountKind::Clearing | AccountKind::Disputes | AccountKind::Fees | AccountKind::Merchant => Ok(None),
        }
    }

    async fn list(&self, tenant: TenantId, page: PageRequest<AccountId>) -> Result<Page<Wallet, AccountId>, PortError> {
        let partition = Partition::wallets(tenant);
        let listing = Listing { partition, from: None, to: None, page, filter: None };
        self.0.page_read("list wallets", listing, Consistency::Strong).await
    }
}

/// That there is one.
pub(super) fn exists(table: &Table, tenant: TenantId, account: AccountId) -> Result<ConditionCheck, PortError> {
    let check = ConditionCheck::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::wallet(tenant, account).into_attributes()))
        .condition_expression("attribute_exists(#pk)")
        .expression_attribute_names("#pk", PARTITION);
    built(check.build())
}

/// [`Wallet::book`] as one conditional update.
pub(super) fn book(table: &Table, tenant: TenantId, account: AccountId, sums: Sums) -> Result<Update, PortError> {
    let Sums { posted, pending } = sums;
    let change = posted + pending;
    let update = Update::builder()
        .table_name(&*table.name)
        .set_key(Some(Key::wallet(tenant, account).into_attributes()))
        .update_expression(
            "SET #posted = #posted + :posted, #pending = #pending + :pending, #available = #available + :change",
        )
        .expression_attribute_names("#posted", "posted")
        .expression_attribute_names("#pending", "pending")
        .expression_attribute_names("#available", "available")
        .expression_attribute_values(":posted", number(posted))
        .expression_attribute_values(":pending", number(pending))
        .expression_attribute_values(":change", number(change))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let update = if change < 0 {
        update.condition_expression("#available >= :takes").expression_attribute_values(":takes", number(-change))
    } else {
        update.condition_expression("attribute_exists(#pk)").expression_attribute_names("#pk", PARTITION)
    };
    built(update.build())
}

/// Why the booking's condition failed, as the domain says it of the item that failed it.
pub(super) fn booking_refused(item: Option<Attributes>, sums: Sums) -> CommitError {
    let Some(item) = item else { return CommitError::WalletMissing };
    match decode::<Wallet>(item).map(|wallet| wallet.book(sums.posted, sums.pending)) {
        Ok(Err(overdrawn)) => CommitError::Overdrawn(overdrawn),
        Ok(Ok(_)) => CommitError::Port(contradiction("book on a wallet")),
        Err(error) => CommitError::Port(error),
    }
}

impl Stored for Wallet {
    const KIND: Kind = Kind::Wallet;
    type Record = WalletRecord;

    fn key(&self) -> Key {
        Key::wallet(self.tenant, self.account())
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct WalletRecord {
    id: String,
    tenant: String,
    currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_name: Option<String>,
    metadata: BTreeMap<String, String>,
    posted: i64,
    pending: i64,
    /// [`Wallet::available`]: stored because a condition cannot do sums.
    available: i64,
    created_at_ms: i64,
}

impl From<&Wallet> for WalletRecord {
    fn from(wallet: &Wallet) -> Self {
        let Wallet { id, tenant, currency, customer, metadata, posted, pending, created_at } = wallet;
        Self {
            id: id.to_string(),
            tenant: tenant.to_string(),
            currency: currency.code().to_owned(),
            customer_email: customer.as_ref().map(|customer| customer.email.as_str().to_owned()),
            customer_name: customer.as_ref().map(|customer| customer.name.as_str().to_owned()),
            metadata: metadata.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            posted: *posted,
            pending: *pending,
            available: wallet.available(),
            created_at_ms: ms(*created_at),
        }
    }
}

impl TryFrom<WalletRecord> for Wallet {
    type Error = Unreadable;

    fn try_from(record: WalletRecord) -> Result<Self, Unreadable> {
        let WalletRecord {
            id,
            tenant,
            currency,
            customer_email,
            customer_name,
            metadata,
            posted,
            pending,
            available: _,
            created_at_ms,
        } = record;
        let reader = Reader(Kind::Wallet);
        let customer = match (customer_email, customer_name) {
            (Some(email), Some(name)) => Some(Customer {
                email: reader.valid("customer_email", Email::parse(&email))?,
                name: reader.valid("customer_name", Name::parse(&name))?,
            }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(reader.unreadable("customer_name")),
        };
        Ok(Self {
            id: reader.parse("id", &id)?,
            tenant: reader.parse("tenant", &tenant)?,
            currency: reader.valid("currency", Currency::parse(&currency))?,
            customer,
            metadata: reader.metadata(metadata)?,
            posted,
            pending,
            created_at: Timestamp::from_ms(created_at_ms),
        })
    }
}
