//! The ports that one table of the store serves, side by side: what is written through one is read through another.

use ports::closings::Closings;
use ports::commerce::{Accounts, Commerce, Disputes, Due, Events, Orders, Payments, Refunds, Wallets};
use ports::connections::Connections;
use ports::extraction::Allowances;
use ports::fees::Fees;
use ports::identity::{LoginAttempts, Sessions, Tenants, Users};
use ports::journal::Journal;
use ports::limits::Limits;
use ports::mail::MailBook;
use ports::platform::{Attachments, DeadLetters, Files, Jobs, Platform, Schedules};
use ports::realtime::{Feeds, Sockets};
use ports::statement::{ProviderReferences, Statements};
use ports::verification::{LedgerRows, Verifications};
use ports::webhooks::{WebhookDeliveries, WebhookEndpoints};

#[derive(Clone, Copy)]
pub struct CommerceTable<'a> {
    pub commerce: &'a dyn Commerce,
    pub orders: &'a dyn Orders,
    pub payments: &'a dyn Payments,
    pub refunds: &'a dyn Refunds,
    pub disputes: &'a dyn Disputes,
    pub fees: &'a dyn Fees,
    pub statements: &'a dyn Statements,
    pub references: &'a dyn ProviderReferences,
    pub accounts: &'a dyn Accounts,
    pub wallets: &'a dyn Wallets,
    pub events: &'a dyn Events,
    pub due: &'a dyn Due,
    pub journal: &'a dyn Journal,
    pub closings: &'a dyn Closings,
    pub rows: &'a dyn LedgerRows,
    pub verifications: &'a dyn Verifications,
    pub connections: &'a dyn Connections,
}

impl<'a> CommerceTable<'a> {
    /// Of an adapter that is all of them.
    pub fn of<T>(adapter: &'a T) -> Self
    where
        T: Commerce + Orders + Payments + Refunds + Disputes + Accounts + Wallets + Events + Due,
        T: Journal + Closings + LedgerRows + Verifications + Connections + Statements + ProviderReferences + Fees,
    {
        Self {
            commerce: adapter,
            orders: adapter,
            payments: adapter,
            refunds: adapter,
            disputes: adapter,
            fees: adapter,
            statements: adapter,
            references: adapter,
            accounts: adapter,
            wallets: adapter,
            events: adapter,
            due: adapter,
            journal: adapter,
            closings: adapter,
            rows: adapter,
            verifications: adapter,
            connections: adapter,
        }
    }
}

/// With the log of events, which is the commerce table's.
#[derive(Clone, Copy)]
pub struct PlatformTable<'a> {
    pub platform: &'a dyn Platform,
    pub files: &'a dyn Files,
    pub attachments: &'a dyn Attachments,
    pub jobs: &'a dyn Jobs,
    pub schedules: &'a dyn Schedules,
    pub letters: &'a dyn DeadLetters,
    pub allowances: &'a dyn Allowances,
    pub mail: &'a dyn MailBook,
    pub endpoints: &'a dyn WebhookEndpoints,
    pub deliveries: &'a dyn WebhookDeliveries,
    pub sockets: &'a dyn Sockets,
    pub feeds: &'a dyn Feeds,
    pub events: &'a dyn Events,
}

impl<'a> PlatformTable<'a> {
    pub fn of<T>(adapter: &'a T, events: &'a dyn Events) -> Self
    where
        T: Platform
            + Files
            + Attachments
            + Jobs
            + Schedules
            + DeadLetters
            + Allowances
            + MailBook
            + WebhookEndpoints
            + WebhookDeliveries
            + Sockets
            + Feeds,
    {
        Self {
            platform: adapter,
            files: adapter,
            attachments: adapter,
            jobs: adapter,
            schedules: adapter,
            letters: adapter,
            allowances: adapter,
            mail: adapter,
            endpoints: adapter,
            deliveries: adapter,
            sockets: adapter,
            feeds: adapter,
            events,
        }
    }
}

#[derive(Clone, Copy)]
pub struct IdentityTable<'a> {
    pub tenants: &'a dyn Tenants,
    pub users: &'a dyn Users,
    pub sessions: &'a dyn Sessions,
    pub attempts: &'a dyn LoginAttempts,
    pub limits: &'a dyn Limits,
}

impl<'a> IdentityTable<'a> {
    /// Of an adapter that is all of them.
    pub fn of<T: Tenants + Users + Sessions + LoginAttempts + Limits>(adapter: &'a T) -> Self {
        Self { tenants: adapter, users: adapter, sessions: adapter, attempts: adapter, limits: adapter }
    }
}
