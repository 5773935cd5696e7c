//! What a tenant's payments cost the merchant: one item a tenant.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::fee::{FeeSettings, FeeTerms};
use domain::ids::TenantId;
use domain::money::Currency;
use domain::time::Timestamp;
use ports::PortError;
use ports::commerce::Consistency;
use ports::fees::Fees;
use serde::{Deserialize, Serialize};

use super::CommerceTable;
use super::key::Key;
use super::record::{Kind, Reader, Stored, Unreadable, encode, ms};
use crate::error::port_error;

#[async_trait]
impl Fees for CommerceTable {
    async fn get(&self, tenant: TenantId, consistency: Consistency) -> Result<Option<FeeSettings>, PortError> {
        self.0.get("get fee settings", Key::fee_settings(tenant), consistency).await
    }

    async fn put(&self, settings: &FeeSettings) -> Result<(), PortError> {
        let request = self.0.client.put_item().table_name(&*self.0.name).set_item(Some(encode(settings)?));
        request.send().await.map(drop).map_err(|error| port_error("write fee settings", error))
    }
}

impl Stored for FeeSettings {
    const KIND: Kind = Kind::FeeSettings;
    type Record = FeeSettingsRecord;

    fn key(&self) -> Key {
        Key::fee_settings(self.tenant)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct FeeSettingsRecord {
    tenant: String,
    basis_points: i64,
    fixed: BTreeMap<String, i64>,
    updated_at_ms: i64,
}

impl From<&FeeSettings> for FeeSettingsRecord {
    fn from(settings: &FeeSettings) -> Self {
        let FeeSettings { tenant, terms, updated_at } = settings;
        Self {
            tenant: tenant.to_string(),
            basis_points: terms.basis_points(),
            fixed: terms.fixed().iter().map(|(currency, amount)| (currency.code().to_owned(), *amount)).collect(),
            updated_at_ms: ms(*updated_at),
        }
    }
}

impl TryFrom<FeeSettingsRecord> for FeeSettings {
    type Error = Unreadable;

    fn try_from(record: FeeSettingsRecord) -> Result<Self, Unreadable> {
        let FeeSettingsRecord { tenant, basis_points, fixed, updated_at_ms } = record;
        let reader = Reader(Kind::FeeSettings);
        let amount = |(code, amount): (String, i64)| Ok((reader.valid("fixed", Currency::parse(&code))?, amount));
        let fixed = fixed.into_iter().map(amount).collect::<Result<_, _>>()?;
        Ok(Self {
            tenant: reader.parse("tenant", &tenant)?,
            terms: reader.valid("basis_points", FeeTerms::new(basis_points, fixed))?,
            updated_at: Timestamp::from_ms(updated_at_ms),
        })
    }
}
