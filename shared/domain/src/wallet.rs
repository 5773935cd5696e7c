//! A customer's wallet: money of theirs that the merchant keeps for them, as an account of its own. What is available is
//! never below zero, whoever books on it.

use crate::ids::{TenantId, WalletId};
use crate::ledger::{AccountId, AccountKind, Balance};
use crate::metadata::Metadata;
use crate::money::Currency;
use crate::order::Customer;
use crate::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    pub id: WalletId,
    pub tenant: TenantId,
    pub currency: Currency,
    /// Whose it is, where the merchant says so.
    pub customer: Option<Customer>,
    pub metadata: Metadata,
    pub posted: i64,
    /// What refunds of top-ups under way have reserved: zero or below.
    pub pending: i64,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWallet {
    pub currency: Currency,
    pub customer: Option<Customer>,
    pub metadata: Metadata,
}

/// The wallet holds less than was to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{available} minor units are available in the wallet")]
pub struct Overdrawn {
    pub account: AccountId,
    pub available: i64,
}

impl Wallet {
    pub fn new(id: WalletId, tenant: TenantId, input: NewWallet, now: Timestamp) -> Self {
        let NewWallet { currency, customer, metadata } = input;
        Self { id, tenant, currency, customer, metadata, posted: 0, pending: 0, created_at: now }
    }

    /// What clients name it by.
    pub fn account(&self) -> AccountId {
        AccountId { kind: AccountKind::Wallet(self.id), currency: self.currency }
    }

    pub fn balance(&self) -> Balance {
        Balance { account: self.account(), posted: self.posted, pending: self.pending }
    }

    /// What a payment may take.
    pub fn available(&self) -> i64 {
        self.posted + self.pending
    }

    /// Refuses to take more than is available. What adds to it, or moves what is pending to posted, is never refused.
    pub fn book(&self, posted: i64, pending: i64) -> Result<Self, Overdrawn> {
        let takes = -(posted + pending);
        if takes > 0 && takes > self.available() {
            return Err(Overdrawn { account: self.account(), available: self.available() });
        }
        Ok(Self { posted: self.posted + posted, pending: self.pending + pending, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_is_available() {
        let currency = Currency::parse("EUR").expect("valid");
        let input = NewWallet { currency, customer: None, metadata: Metadata::default() };
        let empty = Wallet::new(WalletId::from_u128(1), TenantId::from_u128(2), input, Timestamp::from_ms(0));
        for (held, (posted, pending), expected) in [
            ((0, 0), (100, 0), Ok((100, 0))),
            ((100, 0), (-100, 0), Ok((0, 0))),
            ((100, 0), (-101, 0), Err(100)),
            ((100, 0), (0, -100), Ok((100, -100))),
            ((100, -100), (-1, 0), Err(0)),
            ((100, -60), (-40, 0), Ok((60, -60))),
            ((60, -60), (0, -1), Err(0)),
            ((60, -60), (-60, 60), Ok((0, 0))),
            ((60, -60), (0, 60), Ok((60, 0))),
        ] {
            let wallet = Wallet { posted: held.0, pending: held.1, ..empty.clone() };
            let booked = wallet.book(posted, pending);
            let told = booked.map(|wallet| (wallet.posted, wallet.pending)).map_err(|overdrawn| overdrawn.available);
            assert_eq!(told, expected, "{posted}, {pending} on {held:?}");
        }
    }
}
