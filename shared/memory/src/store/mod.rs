//! The three tables of the application, each under one lock: a commit is all or nothing because nobody looks in between.
//! Reads see the latest state, but for eventually consistent ones of an order or a payment that the fault plan makes stale.

mod allowance;
mod attachment;
mod attempts;
mod closings;
mod commit;
mod connection;
mod dead_letter;
mod dispute;
mod due;
mod event;
mod fees;
mod file;
mod job;
mod journal;
mod ledger;
mod limit;
mod mail;
mod order;
mod page;
mod payment;
mod platform;
mod realtime;
mod records;
mod refund;
mod schedule;
mod session;
mod statement;
mod stream;
mod tamper;
mod tenant;
mod user;
mod verification;
mod wallet;
mod webhook;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::allowance::{ExtractionSettings, Month, Spending};
use domain::attachment::{Attachment, Slot};
use domain::closing::Closing;
use domain::connection::Connections;
use domain::dead_letter::DeadLetter;
use domain::dispute::Dispute;
use domain::event::Event;
use domain::fee::FeeSettings;
use domain::feed::FeedBlock;
use domain::file::File;
use domain::identity::{Session, Tenant, User};
use domain::ids::{
    DeadLetterId, DisputeId, EntryId, EventId, FileId, JobId, OrderId, PaymentId, RefundId, ScheduleId, SessionId,
    StatementId, TenantId, UserId, WalletId, WebhookEndpointId,
};
use domain::job::Job;
use domain::journal::Block;
use domain::ledger::{AccountId, Balance, Entry, Source, Transaction};
use domain::mail::{AddressHash, Day, MailId, MailSettings, RefusedAddress};
use domain::order::Order;
use domain::payment::Payment;
use domain::rate_limit::PaidUntil;
use domain::refund::Refund;
use domain::schedule::Schedule;
use domain::socket::{Socket, SocketId};
use domain::statement::{Difference, Statement, StatementLine};
use domain::text::Email;
use domain::time::Timestamp;
use domain::wallet::Wallet;
use domain::webhook::{Delivery, Endpoint};
use ports::cache::RouteClass;
use ports::commerce::BATCH_MAX;
use ports::identity::{AttemptScope, Attempts};
use ports::stream::StreamChange;
use ports::{PortError, PortErrorKind};

use crate::faults::Faults;
use crate::lock::Lock;
use mail::MailState;
use records::Records;
use stream::Stream;

pub use tamper::Tampering;

#[derive(Debug, Default)]
pub struct Store {
    faults: Faults,
    commerce: Lock<CommerceTable>,
    /// Locked before the commerce table by who needs both.
    platform: Lock<PlatformTable>,
    identity: Lock<IdentityTable>,
    page_max: Lock<Option<usize>>,
}

#[derive(Debug, Default)]
struct CommerceTable {
    orders: BTreeMap<(TenantId, OrderId), Order>,
    payments: BTreeMap<(TenantId, PaymentId), Payment>,
    refunds: BTreeMap<(TenantId, PaymentId, RefundId), Refund>,
    disputes: BTreeMap<(TenantId, DisputeId), Dispute>,
    fees: BTreeMap<TenantId, FeeSettings>,
    statements: BTreeMap<(TenantId, StatementId), Statement>,
    statement_lines: BTreeMap<(TenantId, StatementId), Vec<StatementLine>>,
    differences: BTreeMap<(TenantId, StatementId), Vec<Difference>>,
    transactions: BTreeMap<(TenantId, Source), Transaction>,
    entries: BTreeMap<(TenantId, AccountId, EntryId), Entry>,
    balances: BTreeMap<(TenantId, AccountId), Balance>,
    wallets: BTreeMap<(TenantId, WalletId), Wallet>,
    blocks: BTreeMap<(TenantId, u64), Block>,
    /// In which block a transaction is.
    marks: BTreeMap<(TenantId, Source), u64>,
    closings: BTreeMap<(TenantId, AccountId, EntryId), Closing>,
    connections: BTreeMap<TenantId, Connections>,
    /// When a tenant's ledger is to be verified, and where that goes on.
    verifications: BTreeMap<TenantId, (Timestamp, Option<String>)>,
    events: BTreeMap<(TenantId, EventId), Event>,
    /// By the moment from which their publication is overdue.
    unpublished: BTreeSet<(Timestamp, TenantId, EventId)>,
    records: Records,
    stream: Stream,
    /// What was there before the last change, as long as a stale read may show it.
    orders_before: BTreeMap<(TenantId, OrderId), Option<Order>>,
    payments_before: BTreeMap<(TenantId, PaymentId), Option<Payment>>,
}

#[derive(Debug, Default)]
struct PlatformTable {
    files: BTreeMap<(TenantId, FileId), File>,
    attachments: BTreeMap<(TenantId, OrderId, Slot), Attachment>,
    jobs: BTreeMap<(TenantId, JobId), Job>,
    /// Whose jobs are paused, and which of each tenant's run.
    paused: BTreeSet<TenantId>,
    running: BTreeMap<TenantId, BTreeSet<JobId>>,
    schedules: BTreeMap<(TenantId, ScheduleId), Schedule>,
    dead_letters: BTreeMap<(TenantId, DeadLetterId), DeadLetter>,
    /// What was spent on models, with what is reserved.
    allowances: BTreeMap<(TenantId, Month), Spending>,
    extraction_settings: BTreeMap<TenantId, ExtractionSettings>,
    mails: BTreeMap<(TenantId, MailId), MailState>,
    mail_counts: BTreeMap<(TenantId, Day), u32>,
    mail_settings: BTreeMap<TenantId, MailSettings>,
    refusals: BTreeMap<(TenantId, AddressHash), RefusedAddress>,
    endpoints: BTreeMap<(TenantId, WebhookEndpointId), Endpoint>,
    /// With the moment from which each is due.
    deliveries: BTreeMap<(TenantId, WebhookEndpointId, EventId), (Delivery, Option<Timestamp>)>,
    sockets: BTreeMap<(TenantId, SocketId), Socket>,
    feeds: BTreeMap<(TenantId, u64), FeedBlock>,
    records: Records,
    stream: Stream,
}

#[derive(Debug, Default)]
struct IdentityTable {
    tenants: BTreeMap<TenantId, Tenant>,
    users: BTreeMap<(TenantId, UserId), User>,
    logins: BTreeMap<(Email, TenantId), UserId>,
    sessions: BTreeMap<(TenantId, SessionId), Session>,
    attempts: HashMap<AttemptScope, Attempts>,
    limits: HashMap<(TenantId, String, RouteClass), PaidUntil>,
    records: Records,
    stream: Stream,
}

/// All that is in the store, of all tenants, for checking what must hold of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub orders: Vec<Order>,
    pub payments: Vec<Payment>,
    pub refunds: Vec<Refund>,
    pub disputes: Vec<Dispute>,
    pub statements: Vec<Statement>,
    pub differences: Vec<(StatementId, Vec<Difference>)>,
    pub transactions: Vec<Transaction>,
    /// Those of wallets too.
    pub balances: Vec<(TenantId, Balance)>,
    pub wallets: Vec<Wallet>,
    pub connections: Vec<Connections>,
    pub blocks: Vec<Block>,
    pub entries: Vec<(TenantId, Entry)>,
    pub closings: Vec<(TenantId, Closing)>,
    /// In which block a transaction is.
    pub marks: Vec<(TenantId, Source, u64)>,
    pub files: Vec<File>,
    pub attachments: Vec<Attachment>,
    pub jobs: Vec<Job>,
    pub schedules: Vec<Schedule>,
    pub dead_letters: Vec<DeadLetter>,
    pub endpoints: Vec<Endpoint>,
    pub deliveries: Vec<Delivery>,
    pub sockets: Vec<Socket>,
    /// Of each tenant in their order.
    pub feeds: Vec<FeedBlock>,
    pub events: Vec<Event>,
    /// Those that no queue has seen.
    pub unpublished: Vec<EventId>,
    pub tenants: Vec<Tenant>,
    pub users: Vec<User>,
    pub sessions: Vec<Session>,
}

impl Store {
    pub fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    /// From now on, a page of the log or of an endpoint's deliveries ends after so many: those of DynamoDB end at 1 MB.
    pub fn cut_pages(&self, at: usize) {
        *self.page_max.get() = Some(at);
    }

    /// How many a page has that may have so many.
    fn page_of(&self, limit: usize) -> usize {
        self.page_max.get().map_or(limit, |max| max.min(limit))
    }

    /// The changes since the last call, in the order of their commits, those of the commerce table first. A real stream may
    /// give them in another order and twice.
    pub fn take_stream(&self) -> Vec<StreamChange> {
        let mut changes = self.commerce.get().stream.take();
        changes.append(&mut self.platform.get().stream.take());
        changes.append(&mut self.identity.get().stream.take());
        changes
    }

    /// One batch read, bounded as the port says.
    async fn get_batch<Table: Send, Id: Copy + Sync, T: Send>(
        &self,
        operation: &'static str,
        table: &Lock<Table>,
        ids: &BTreeSet<Id>,
        find: impl Fn(&Table, Id) -> Option<T> + Sync,
    ) -> Result<Vec<T>, PortError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let effect = || {
            if ids.len() > BATCH_MAX {
                return Err(PortError::new(PortErrorKind::Rejected, operation));
            }
            let table = table.get();
            Ok(ids.iter().filter_map(|id| find(&table, *id)).collect())
        };
        self.faults.call(operation, effect).await
    }

    pub fn contents(&self) -> Contents {
        let platform = self.platform.get();
        let commerce = self.commerce.get();
        let identity = self.identity.get();
        let accounts = commerce.balances.iter().map(|((tenant, _), balance)| (*tenant, *balance));
        let of_wallets = commerce.wallets.values().map(|wallet| (wallet.tenant, wallet.balance()));
        Contents {
            orders: commerce.orders.values().cloned().collect(),
            payments: commerce.payments.values().cloned().collect(),
            refunds: commerce.refunds.values().cloned().collect(),
            disputes: commerce.disputes.values().cloned().collect(),
            statements: commerce.statements.values().cloned().collect(),
            differences: commerce.differences.iter().map(|((_, id), differences)| (*id, differences.clone())).collect(),
            transactions: commerce.transactions.values().cloned().collect(),
            balances: accounts.chain(of_wallets).collect(),
            wallets: commerce.wallets.values().cloned().collect(),
            connections: commerce.connections.values().cloned().collect(),
            blocks: commerce.blocks.values().cloned().collect(),
            entries: commerce.entries.iter().map(|((tenant, ..), entry)| (*tenant, entry.clone())).collect(),
            closings: commerce.closings.iter().map(|((tenant, ..), closing)| (*tenant, *closing)).collect(),
            marks: commerce.marks.iter().map(|((tenant, source), number)| (*tenant, *source, *number)).collect(),
            files: platform.files.values().cloned().collect(),
            attachments: platform.attachments.values().copied().collect(),
            jobs: platform.jobs.values().cloned().collect(),
            schedules: platform.schedules.values().cloned().collect(),
            dead_letters: platform.dead_letters.values().cloned().collect(),
            endpoints: platform.endpoints.values().cloned().collect(),
            deliveries: platform.deliveries.values().map(|(delivery, _)| delivery.clone()).collect(),
            sockets: platform.sockets.values().cloned().collect(),
            feeds: platform.feeds.values().cloned().collect(),
            events: commerce.events.values().cloned().collect(),
            unpublished: commerce.unpublished.iter().map(|(_, _, id)| *id).collect(),
            tenants: identity.tenants.values().cloned().collect(),
            users: identity.users.values().cloned().collect(),
            sessions: identity.sessions.values().cloned().collect(),
        }
    }

    /// The files alone, of all tenants.
    pub fn files(&self) -> Vec<File> {
        self.platform.get().files.values().cloned().collect()
    }

    /// The attachments alone, of all tenants.
    pub fn attachments(&self) -> Vec<Attachment> {
        self.platform.get().attachments.values().copied().collect()
    }

    /// The jobs alone, of all tenants.
    pub fn jobs(&self) -> Vec<Job> {
        self.platform.get().jobs.values().cloned().collect()
    }

    /// The schedules alone, of all tenants.
    pub fn schedules(&self) -> Vec<Schedule> {
        self.platform.get().schedules.values().cloned().collect()
    }

    /// The feeds alone, of each tenant in their order.
    pub fn feeds(&self) -> Vec<FeedBlock> {
        self.platform.get().feeds.values().cloned().collect()
    }

    /// The deliveries of webhooks alone, of all tenants.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.platform.get().deliveries.values().map(|(delivery, _)| delivery.clone()).collect()
    }

    /// Which jobs run, as the lines of their tenants have it.
    pub fn running_jobs(&self) -> BTreeSet<(TenantId, JobId)> {
        let platform = self.platform.get();
        platform.running.iter().flat_map(|(tenant, jobs)| jobs.iter().map(|id| (*tenant, *id))).collect()
    }

    /// Whether none of the tenant's jobs begins.
    pub fn is_paused(&self, tenant: TenantId) -> bool {
        self.platform.get().paused.contains(&tenant)
    }

    /// The wallets alone, of all tenants.
    pub fn wallets(&self) -> Vec<Wallet> {
        self.commerce.get().wallets.values().cloned().collect()
    }

    /// The transaction of a source and an account's balance, for checks: looking is no call.
    pub fn posted(&self, tenant: TenantId, source: Source) -> Option<Transaction> {
        self.commerce.get().transactions.get(&(tenant, source)).cloned()
    }

    pub fn balance_of(&self, tenant: TenantId, account: AccountId) -> Option<Balance> {
        let commerce = self.commerce.get();
        let of_wallet = || commerce.wallet(tenant, account).map(Wallet::balance);
        commerce.balances.get(&(tenant, account)).copied().or_else(of_wallet)
    }

    /// Every replica has caught up: no read of what has been written so far is stale any more.
    pub fn catch_up(&self) {
        let mut commerce = self.commerce.get();
        commerce.orders_before.clear();
        commerce.payments_before.clear();
    }

    /// Deletes what has expired, as the table's time-to-live does some time after: nothing may depend on when.
    pub fn delete_expired(&self, now: Timestamp) {
        let mut platform = self.platform.get();
        platform.records.delete_expired(now);
        platform.files.retain(|_, file| file.expires_at().is_none_or(|at| now < at));
        platform.jobs.retain(|_, job| job.expires_at().is_none_or(|at| now < at));
        platform.dead_letters.retain(|_, letter| now < letter.expires_at());
        platform.deliveries.retain(|_, (delivery, _)| now < delivery.expires_at());
        platform.sockets.retain(|_, socket| now < socket.kept_until());
        platform.feeds.retain(|_, block| now < block.expires_at());
        let mut commerce = self.commerce.get();
        commerce.records.delete_expired(now);
        commerce.delete_expired_events(now);
        let mut identity = self.identity.get();
        identity.records.delete_expired(now);
        identity.delete_expired_sessions(now);
        identity.attempts.retain(|_, attempts| now < attempts.window_ends_at);
    }
}
