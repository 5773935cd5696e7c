//! How the sandbox's charges and refunds are written as items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::dispute::DisputeStatus;
use domain::idempotency::Fingerprint;
use domain::money::{Amount, Currency, Money};
use domain::payment::{Capture, DeclineCode};
use ports::{PortError, PortErrorKind};
use sandbox::{Charge, ChargeStatus, Key, Refund, RefundRefusal, RefundStatus};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::{from_hex, to_hex};

pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) fn encode(record: &impl Serialize) -> Result<Item, PortError> {
    serde_dynamo::to_item(record).map_err(|_| PortError::new(PortErrorKind::Rejected, "write an item of the sandbox"))
}

pub(super) fn decode<T: DeserializeOwned>(item: Item) -> Result<T, PortError> {
    serde_dynamo::from_item(item).map_err(|_| corrupt("read an item of the sandbox"))
}

pub(super) fn corrupt(operation: &'static str) -> PortError {
    PortError::new(PortErrorKind::Corrupt, operation)
}

#[derive(Serialize, Deserialize)]
pub(super) struct CallsRecord {
    pub(super) calls: u32,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ChargeRecord {
    key: String,
    /// Hexadecimal.
    fingerprint: String,
    amount: i64,
    currency: String,
    capture: String,
    status: String,
    captured: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decline_code: Option<String>,
    disputed: bool,
    /// Empty: there is none.
    dispute: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_reference: Option<String>,
    refunded: i64,
    refundable: i64,
}

impl From<&Charge> for ChargeRecord {
    fn from(charge: &Charge) -> Self {
        let Charge {
            key,
            fingerprint,
            money,
            capture,
            status,
            captured,
            disputed,
            dispute,
            client_reference,
            refunded,
        } = charge;
        Self {
            key: key.to_string(),
            fingerprint: to_hex(&fingerprint.0),
            amount: money.amount.get(),
            currency: money.currency.code().to_owned(),
            capture: capture.as_str().to_owned(),
            status: status.as_str().to_owned(),
            captured: *captured,
            decline_code: status.decline().map(|code| code.as_str().to_owned()),
            disputed: *disputed,
            dispute: dispute_name(*dispute).to_owned(),
            client_reference: client_reference.clone(),
            refunded: *refunded,
            refundable: charge.refundable(),
        }
    }
}

impl TryFrom<ChargeRecord> for Charge {
    type Error = PortError;

    fn try_from(record: ChargeRecord) -> Result<Self, PortError> {
        let ChargeRecord {
            key,
            fingerprint,
            amount,
            currency,
            capture,
            status,
            captured,
            decline_code,
            disputed,
            dispute,
            client_reference,
            refunded,
            refundable: _,
        } = record;
        let read = || {
            let decline = match decline_code {
                Some(code) => Some(DeclineCode::parse(&code)?),
                None => None,
            };
            let dispute = if dispute.is_empty() { None } else { Some(DisputeStatus::parse(&dispute)?) };
            Some(Self {
                key: Key::parse(&key).ok()?,
                fingerprint: Fingerprint(from_hex(&fingerprint)?),
                money: money(amount, &currency)?,
                capture: Capture::parse(&capture)?,
                status: ChargeStatus::parse(&status, decline)?,
                captured,
                disputed,
                dispute,
                client_reference,
                refunded,
            })
        };
        read().ok_or_else(|| corrupt("read a charge of the sandbox"))
    }
}

pub(super) fn dispute_name(dispute: Option<DisputeStatus>) -> &'static str {
    dispute.map_or("", DisputeStatus::as_str)
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefundRecord {
    key: String,
    /// Hexadecimal.
    fingerprint: String,
    charge: String,
    amount: i64,
    currency: String,
    /// None: it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
}

impl From<&Refund> for RefundRecord {
    fn from(refund: &Refund) -> Self {
        let Refund { key, fingerprint, charge, money, status } = refund;
        let refusal = match status {
            RefundStatus::Succeeded => None,
            RefundStatus::Refused(why) => Some(why.as_str().to_owned()),
        };
        Self {
            key: key.to_string(),
            fingerprint: to_hex(&fingerprint.0),
            charge: charge.to_string(),
            amount: money.amount.get(),
            currency: money.currency.code().to_owned(),
            refusal,
        }
    }
}

impl TryFrom<RefundRecord> for Refund {
    type Error = PortError;

    fn try_from(record: RefundRecord) -> Result<Self, PortError> {
        let RefundRecord { key, fingerprint, charge, amount, currency, refusal } = record;
        let read = || {
            let status = match refusal {
                Some(why) => RefundStatus::Refused(RefundRefusal::parse(&why)?),
                None => RefundStatus::Succeeded,
            };
            Some(Self {
                key: Key::parse(&key).ok()?,
                fingerprint: Fingerprint(from_hex(&fingerprint)?),
                charge: Key::parse(&charge).ok()?,
                money: money(amount, &currency)?,
                status,
            })
        };
        read().ok_or_else(|| corrupt("read a refund of the sandbox"))
    }
}

fn money(amount: i64, currency: &str) -> Option<Money> {
    Some(Money { amount: Amount::new(amount).ok()?, currency: Currency::parse(currency).ok()? })
}
