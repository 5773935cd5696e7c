//! The double-entry ledger. A transaction's entries sum to zero in their currency and never change; a correction is a
//! reversal, once. Amounts are signed: a credit is positive. Pending amounts, what refunds under way have reserved, are
//! kept apart from posted ones and are not entries.

use std::fmt;
use std::str::FromStr;

use crate::dispute::Dispute;
use crate::field::Invalid;
use crate::ids::{DisputeId, EntryId, PaymentId, RefundId, TenantId, TransactionId, WalletId};
use crate::money::{Amount, Currency, Money};
use crate::payment::{Method, Payment};
use crate::refund::Refund;
use crate::time::Timestamp;

/// In how many rows an account's balance is kept, so that parallel payments of one merchant do not wait for one row.
pub const BALANCE_SHARDS: u8 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// What the provider owes us: credited when it pays out, debited when it charges.
    Clearing,
    /// What customers' banks hold of the merchant's money until a dispute is decided.
    Disputes,
    /// What merchants' payments have cost them, where that is set up: the operator's.
    Fees,
    /// What we owe the merchant.
    Merchant,
    /// What the merchant keeps for one customer. What is available of it never goes below zero.
    Wallet(WalletId),
}

impl AccountKind {
    /// Those of which a tenant has one account a currency.
    pub const ALL: [Self; 4] = [Self::Clearing, Self::Disputes, Self::Fees, Self::Merchant];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clearing => "clearing",
            Self::Disputes => "disputes",
            Self::Fees => "fees",
            Self::Merchant => "merchant",
            Self::Wallet(_) => "wallet",
        }
    }
}

/// `acc_<kind>_<currency>`: a tenant has one account of each kind and currency, so its id needs no look-up. A wallet's is
/// `acc_wallet_<id>_<currency>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    pub kind: AccountKind,
    pub currency: Currency,
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let currency = self.currency.code().to_lowercase();
        match self.kind {
            AccountKind::Wallet(id) => write!(f, "{id}_{currency}"),
            AccountKind::Clearing | AccountKind::Disputes | AccountKind::Fees | AccountKind::Merchant => {
                write!(f, "acc_{}_{currency}", self.kind.as_str())
            }
        }
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AccountId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("invalid_id", "must be an account id, such as acc_merchant_eur");
        let (owner, currency) = text.rsplit_once('_').ok_or_else(invalid)?;
        let derived = owner.strip_prefix("acc_").and_then(|kind| {
            let mut kinds = AccountKind::ALL.into_iter();
            kinds.find(|known| known.as_str() == kind)
        });
        let kind = derived.or_else(|| owner.parse().ok().map(AccountKind::Wallet)).ok_or_else(invalid)?;
        let is_lower_case = currency.chars().all(|c| c.is_ascii_lowercase());
        let currency = Currency::parse(&currency.to_uppercase()).ok().filter(|_| is_lower_case).ok_or_else(invalid)?;
        Ok(Self { kind, currency })
    }
}

/// What a transaction stands for. At most one transaction exists for each source: its storage key is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Charge(PaymentId),
    Refund(RefundId),
    DisputeOpened(DisputeId),
    DisputeWon(DisputeId),
    DisputeLost(DisputeId),
    Reversal(TransactionId),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Charge(id) => write!(f, "charge:{id}"),
            Self::Refund(id) => write!(f, "refund:{id}"),
            Self::DisputeOpened(id) => write!(f, "dispute:{id}"),
            Self::DisputeWon(id) => write!(f, "dispute_won:{id}"),
            Self::DisputeLost(id) => write!(f, "dispute_lost:{id}"),
            Self::Reversal(id) => write!(f, "reversal:{id}"),
        }
    }
}

impl FromStr for Source {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("invalid_source", "must name a charge, refund, dispute or reversal");
        let (kind, id) = text.split_once(':').ok_or_else(invalid)?;
        match kind {
            "charge" => id.parse().map(Self::Charge).map_err(|_| invalid()),
            "refund" => id.parse().map(Self::Refund).map_err(|_| invalid()),
            "dispute" => id.parse().map(Self::DisputeOpened).map_err(|_| invalid()),
            "dispute_won" => id.parse().map(Self::DisputeWon).map_err(|_| invalid()),
            "dispute_lost" => id.parse().map(Self::DisputeLost).map_err(|_| invalid()),
            "reversal" => id.parse().map(Self::Reversal).map_err(|_| invalid()),
            _ => Err(invalid()),
        }
    }
}

impl Source {
    /// Which of an account's balance rows takes it. The low bits of the ids are random, so the rows fill evenly.
    pub fn shard(self) -> u8 {
        let id = match self {
            Self::Charge(id) => id.as_u128(),
            Self::Refund(id) => id.as_u128(),
            Self::DisputeOpened(id) | Self::DisputeWon(id) | Self::DisputeLost(id) => id.as_u128(),
            Self::Reversal(id) => id.as_u128(),
        };
        (id % u128::from(BALANCE_SHARDS)) as u8
    }
}

/// One line of a transaction: `amount` is signed minor units, never zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub transaction: TransactionId,
    pub account: AccountId,
    pub amount: i64,
    pub payment: Option<PaymentId>,
    /// When the transaction was made, by the clock that made its ids: the same in all its entries, and never a moment of
    /// somebody else's (see [`crate::verification::ID_SKEW_MAX`]).
    pub created_at: Timestamp,
}

/// Balanced by construction: there is no way to make one that does not sum to zero per currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    id: TransactionId,
    tenant: TenantId,
    source: Source,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    #[error("the entries in {currency} sum to {sum}, not to zero")]
    Sum { currency: Currency, sum: i128 },
    #[error("a transaction has at least two entries and none of them is zero")]
    Empty,
}

/// The ids a transaction is made with: it has two entries, or three where a fee is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionIds {
    pub transaction: TransactionId,
    pub entries: [EntryId; 3],
}

impl Transaction {
    pub fn new(id: TransactionId, tenant: TenantId, source: Source, entries: Vec<Entry>) -> Result<Self, Unbalanced> {
        if entries.len() < 2 || entries.iter().any(|entry| entry.amount == 0) {
            return Err(Unbalanced::Empty);
        }
        for entry in &entries {
            let currency = entry.account.currency;
            let same_currency = entries.iter().filter(|other| other.account.currency == currency);
            let sum: i128 = same_currency.map(|other| i128::from(other.amount)).sum();
            if sum != 0 {
                return Err(Unbalanced::Sum { currency, sum });
            }
        }
        Ok(Self { id, tenant, source, entries })
    }

    pub fn id(&self) -> TransactionId {
        self.id
    }

    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub fn source(&self) -> Source {
        self.source
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The moment that its entries carry.
    pub fn posted_at(&self) -> Timestamp {
        self.entries.first().map(|entry| entry.created_at).unwrap_or_default()
    }

    /// The same entries with the signs turned. Its source is the transaction, so storage takes it once.
    pub fn reversal(&self, ids: TransactionIds, now: Timestamp) -> Result<Self, Unbalanced> {
        let TransactionIds { transaction, entries } = ids;
        let reversed = self.entries.iter().zip(entries).map(|(entry, id)| Entry {
            id,
            transaction,
            amount: -entry.amount,
            created_at: now,
            ..entry.clone()
        });
        Self::new(transaction, self.tenant, Source::Reversal(self.id), reversed.collect())
    }
}

/// How one balance row changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceChange {
    pub account: AccountId,
    pub shard: u8,
    pub posted: i64,
    pub pending: i64,
}

/// What one commit does to the ledger: a transaction or none, and the balance rows it moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub transaction: Option<Transaction>,
    pub balances: Vec<BalanceChange>,
}

/// An account as a reader sees it: the sum of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    pub account: AccountId,
    pub posted: i64,
    pub pending: i64,
}

/// `captured` was taken: whom the payment is for is credited, and the provider owes us or the wallet has less. What the
/// payment has as its fee is credited to `fees` in the merchant's place.
pub fn post_charge(payment: &Payment, captured: Amount, ids: TransactionIds, now: Timestamp) -> Posting {
    let source = Source::Charge(payment.id);
    let [from, to] = legs(payment, captured);
    let fees = AccountId { kind: AccountKind::Fees, currency: payment.money.currency };
    let legs = [from, (to.0, to.1 - payment.fee), (fees, payment.fee)];
    let legs: Vec<(AccountId, i64)> = legs.into_iter().filter(|(_, amount)| *amount != 0).collect();
    Posting {
        balances: legs.iter().map(|(account, amount)| change(source, *account, *amount, 0)).collect(),
        transaction: transaction(payment.tenant, source, ids, legs, payment.id, now),
    }
}

/// A refund of the payment was accepted: its amount is pending out of the account that the payment credited.
pub fn reserve_refund(payment: &Payment, refund: &Refund) -> Posting {
    let source = Source::Refund(refund.id);
    let back = legs(payment, refund.money.amount).map(|(account, amount)| (account, -amount));
    let changes = back.map(|(account, amount)| change(source, account, 0, reserved(account, amount)));
    Posting { transaction: None, balances: changes.into_iter().filter(moves_something).collect() }
}

/// The refund went through: what was pending is posted.
pub fn post_refund(payment: &Payment, refund: &Refund, ids: TransactionIds, now: Timestamp) -> Posting {
    let source = Source::Refund(refund.id);
    let back = legs(payment, refund.money.amount).map(|(account, amount)| (account, -amount));
    Posting {
        transaction: transaction(refund.tenant, source, ids, back, refund.payment, now),
        balances: back.map(|(account, amount)| change(source, account, amount, -reserved(account, amount))).into(),
    }
}

/// The refund failed: what was pending is free again.
pub fn release_refund(payment: &Payment, refund: &Refund) -> Posting {
    let Posting { transaction, balances } = reserve_refund(payment, refund);
    let turned = balances.into_iter().map(|change| BalanceChange { pending: -change.pending, ..change });
    Posting { transaction, balances: turned.collect() }
}

/// The customer's bank took the money back until the dispute is decided.
pub fn post_dispute(dispute: &Dispute, ids: TransactionIds, now: Timestamp) -> Posting {
    of_dispute(dispute, Source::DisputeOpened(dispute.id), [AccountKind::Merchant, AccountKind::Disputes], ids, now)
}

/// The merchant has it again.
pub fn post_dispute_won(dispute: &Dispute, ids: TransactionIds, now: Timestamp) -> Posting {
    of_dispute(dispute, Source::DisputeWon(dispute.id), [AccountKind::Disputes, AccountKind::Merchant], ids, now)
}

/// The customer keeps it: the provider owes us that much less.
pub fn post_dispute_lost(dispute: &Dispute, ids: TransactionIds, now: Timestamp) -> Posting {
    of_dispute(dispute, Source::DisputeLost(dispute.id), [AccountKind::Disputes, AccountKind::Clearing], ids, now)
}

fn of_dispute(
    dispute: &Dispute,
    source: Source,
    [from, to]: [AccountKind; 2],
    ids: TransactionIds,
    now: Timestamp,
) -> Posting {
    let Money { amount, currency } = dispute.money;
    let account = |kind| AccountId { kind, currency };
    let legs = [(account(from), -amount.get()), (account(to), amount.get())];
    Posting {
        transaction: transaction(dispute.tenant, source, ids, legs, dispute.payment, now),
        balances: legs.map(|(account, amount)| change(source, account, amount, 0)).into(),
    }
}

/// A reversal's posting.
pub fn post_reversal(reversal: Transaction) -> Posting {
    let source = reversal.source();
    let balances = reversal.entries().iter().map(|entry| change(source, entry.account, entry.amount, 0)).collect();
    Posting { transaction: Some(reversal), balances }
}

/// The accounts a payment is between: where its money comes from, and for whom it is.
pub fn accounts_of(payment: &Payment) -> [AccountId; 2] {
    let from = match payment.method {
        Method::Card { token: _ } => AccountKind::Clearing,
        Method::Wallet { wallet } => AccountKind::Wallet(wallet),
    };
    let to = payment.top_up.map_or(AccountKind::Merchant, AccountKind::Wallet);
    [from, to].map(|kind| AccountId { kind, currency: payment.money.currency })
}

fn legs(payment: &Payment, amount: Amount) -> [(AccountId, i64); 2] {
    let [from, to] = accounts_of(payment);
    [(from, -amount.get()), (to, amount.get())]
}

/// What of a refund's leg is pending until it is posted. What is on its way into a wallet is not in it yet, or it could be
/// spent.
fn reserved(account: AccountId, amount: i64) -> i64 {
    match account.kind {
        AccountKind::Wallet(_) => amount.min(0),
        AccountKind::Clearing | AccountKind::Disputes | AccountKind::Fees | AccountKind::Merchant => amount,
    }
}

fn moves_something(change: &BalanceChange) -> bool {
    (change.posted, change.pending) != (0, 0)
}

/// A wallet has one row: that it holds enough is a condition, and a condition sees one item.
fn change(source: Source, account: AccountId, posted: i64, pending: i64) -> BalanceChange {
    let shard = match account.kind {
        AccountKind::Wallet(_) => 0,
        AccountKind::Clearing | AccountKind::Disputes | AccountKind::Fees | AccountKind::Merchant => source.shard(),
    };
    BalanceChange { account, shard, posted, pending }
}

fn transaction(
    tenant: TenantId,
    source: Source,
    ids: TransactionIds,
    legs: impl IntoIterator<Item = (AccountId, i64)>,
    payment: PaymentId,
    now: Timestamp,
) -> Option<Transaction> {
    let TransactionIds { transaction, entries } = ids;
    let entry =
        |(id, (account, amount))| Entry { id, transaction, account, amount, payment: Some(payment), created_at: now };
    let entries: Vec<Entry> = entries.into_iter().zip(legs).map(entry).collect();
    let transaction = Transaction { id: transaction, tenant, source, entries };
    debug_assert!(Transaction::new(transaction.id, tenant, source, transaction.entries.clone()).is_ok());
    Some(transaction)
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
