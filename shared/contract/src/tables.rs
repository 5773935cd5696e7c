//! The ports that one table of the store serves, side by side: what is written through one is read through another.

use ports::commerce::{Accounts, Commerce, Due, Events, Orders, Payments, Refunds, Wallets};
use ports::identity::{LoginAttempts, Sessions, Tenants, Users};

#[derive(Clone, Copy)]
pub struct CommerceTable<'a> {
    pub commerce: &'a dyn Commerce,
    pub orders: &'a dyn Orders,
    pub payments: &'a dyn Payments,
    pub refunds: &'a dyn Refunds,
    pub accounts: &'a dyn Accounts,
    pub wallets: &'a dyn Wallets,
    pub events: &'a dyn Events,
    pub due: &'a dyn Due,
}

impl<'a> CommerceTable<'a> {
    /// Of an adapter that is all of them.
    pub fn of<T: Commerce + Orders + Payments + Refunds + Accounts + Wallets + Events + Due>(adapter: &'a T) -> Self {
        Self {
            commerce: adapter,
            orders: adapter,
            payments: adapter,
            refunds: adapter,
            accounts: adapter,
            wallets: adapter,
            events: adapter,
            due: adapter,
        }
    }
}

#[derive(Clone, Copy)]
pub struct IdentityTable<'a> {
    pub tenants: &'a dyn Tenants,
    pub users: &'a dyn Users,
    pub sessions: &'a dyn Sessions,
    pub attempts: &'a dyn LoginAttempts,
}

impl<'a> IdentityTable<'a> {
    /// Of an adapter that is all of them.
    pub fn of<T: Tenants + Users + Sessions + LoginAttempts>(adapter: &'a T) -> Self {
        Self { tenants: adapter, users: adapter, sessions: adapter, attempts: adapter }
    }
}
