//! Matching a provider's statement with the ledger. It reads and tells; no money moves. The result is written once, in one
//! transaction, so the step may run twice, late or beside another worker.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::EventType;
use domain::ids::{PaymentId, StatementId, TenantId};
use domain::ledger::{AccountId, AccountKind, Entry, Source, Transaction};
use domain::money::Currency;
use domain::page::{Limit, PageRequest};
use domain::statement::{
    Comparison, LineKind, MOVEMENTS_MAX, Movement, Ours, Reference, Statement, StatementFailure, StatementLine,
    StatementStatus, compare, entry_range, movements, own_id,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use ports::PortError;
use ports::closings::Closings;
use ports::commerce::{Accounts, BATCH_MAX, Change, Commerce, Commit, Consistency, Disputes, Payments, Refunds};
use ports::connections::Connections;
use ports::journal::Journal;
use ports::statement::{ProviderReferences, Referenced, Statements};

use crate::Context;
use crate::work::{WorkError, settled};

/// How many references are looked up at once.
const AT_ONCE: usize = 16;
const ENTRIES_EACH: usize = 1_000;

#[derive(Clone, Copy)]
pub struct Matching<'a> {
    pub commerce: &'a dyn Commerce,
    pub statements: &'a dyn Statements,
    pub references: &'a dyn ProviderReferences,
    pub payments: &'a dyn Payments,
    pub refunds: &'a dyn Refunds,
    pub disputes: &'a dyn Disputes,
    pub accounts: &'a dyn Accounts,
    pub closings: &'a dyn Closings,
    pub journal: &'a dyn Journal,
    pub connections: &'a dyn Connections,
}

impl<'a> Matching<'a> {
    /// Of a store that is all of them.
    pub fn of<T>(store: &'a T) -> Self
    where
        T: Commerce + Statements + ProviderReferences + Payments + Refunds + Disputes,
        T: Accounts + Closings + Journal + Connections,
    {
        Self {
            commerce: store,
            statements: store,
            references: store,
            payments: store,
            refunds: store,
            disputes: store,
            accounts: store,
            closings: store,
            journal: store,
            connections: store,
        }
    }
}

/// One message of the statements queue, or one statement that is due.
pub async fn process(
    context: &Context<'_>,
    on: Matching<'_>,
    tenant: TenantId,
    id: StatementId,
) -> Result<(), WorkError> {
    let statement = on.statements.get(tenant, id, Consistency::Strong).await?;
    let statement = statement.ok_or_else(|| WorkError::Poison(format!("there is no statement {id}")))?;
    if statement.status != StatementStatus::Processing {
        return Ok(());
    }
    // The period before the lines: what is posted in between is then found by its line and not missed there.
    let comparison = match posted_in_period(on, &statement).await? {
        None => Err(StatementFailure::TooManyTransactions),
        Some(posted) => {
            let lines = on.statements.lines(tenant, id).await?;
            let mut ours = find_ours(on, tenant, &lines).await?;
            let named = ours.values().filter_map(payment_of);
            let payments = posted.iter().filter_map(|movement| movement.payment).chain(named).collect();
            let elsewhere = of_other_providers(on, &statement, payments).await?;
            let is_here = |payment: Option<PaymentId>| payment.is_none_or(|payment| !elsewhere.contains(&payment));
            // Whose statement names what another provider has moved is wrong about it.
            ours.retain(|_, ours| is_here(payment_of(ours)));
            let posted: Vec<Movement> = posted.into_iter().filter(|movement| is_here(movement.payment)).collect();
            Ok(compare(&lines, &ours, &posted))
        }
    };
    conclude(context, on, &statement, comparison).await
}

async fn conclude(
    context: &Context<'_>,
    on: Matching<'_>,
    statement: &Statement,
    comparison: Result<Comparison, StatementFailure>,
) -> Result<(), WorkError> {
    let (tenant, now) = (statement.tenant, context.now());
    let kind = if comparison.is_ok() { EventType::StatementSucceeded } else { EventType::StatementFailed };
    let (counts, differences) = match comparison {
        Ok(Comparison { counts, differences }) => (Ok(counts), differences),
        Err(failure) => (Err(failure), Vec::new()),
    };
    let next = statement.conclude(counts, now);
    let events = vec![context.event(tenant, kind, next.id, api::statement(&next))];
    let changes = vec![Change::ConcludeStatement { statement: next, differences }];
    // Where it is contended, somebody else has ended it, or is about to.
    settled(on.commerce.commit(Commit { tenant, record: None, changes, events, now }).await)?.or_contended()
}

/// What the ledger has moved in the statement's period; none where that is more than a statement is compared with.
async fn posted_in_period(on: Matching<'_>, statement: &Statement) -> Result<Option<Vec<Movement>>, PortError> {
    let mut entries = Vec::new();
    for currency in currencies(on, statement).await? {
        for kind in [AccountKind::Clearing, AccountKind::Disputes] {
            let account = AccountId { kind, currency };
            if !add_entries(on, statement, account, &mut entries).await? {
                return Ok(None);
            }
        }
    }
    Ok(Some(movements(&entries)).filter(|posted| posted.len() <= MOVEMENTS_MAX))
}

async fn currencies(on: Matching<'_>, statement: &Statement) -> Result<BTreeSet<Currency>, PortError> {
    if let Some(currency) = statement.currency {
        return Ok(BTreeSet::from([currency]));
    }
    let mut currencies = BTreeSet::new();
    let mut page = PageRequest { limit: Limit::default(), after: None };
    loop {
        let listed = on.accounts.list(statement.tenant, page).await?;
        currencies.extend(listed.items.iter().map(|balance| balance.account.currency));
        let Some(next) = listed.next else { return Ok(currencies) };
        page.after = Some(next);
    }
}

/// Whether there were not too many.
async fn add_entries(
    on: Matching<'_>,
    statement: &Statement,
    account: AccountId,
    entries: &mut Vec<Entry>,
) -> Result<bool, PortError> {
    // A dispute that was lost has an entry in each account and is no movement.
    const ENTRIES_MAX: usize = 2 * MOVEMENTS_MAX;
    let (after, before) = entry_range(statement.period);
    let mut after = Some(after);
    loop {
        let page = on.closings.entries(statement.tenant, account, after, before, ENTRIES_EACH).await?;
        let is_last = page.len() < ENTRIES_EACH;
        after = page.last().map(|entry| entry.id);
        entries.extend(page.into_iter().filter(|entry| statement.period.has(entry.created_at)));
        if entries.len() > ENTRIES_MAX {
            return Ok(false);
        }
        if is_last {
            return Ok(true);
        }
    }
}

/// The payment behind it, as far as that is known.
fn payment_of(ours: &Ours) -> Option<PaymentId> {
    let charged = if let Some(Source::Charge(id)) = ours.source { Some(id) } else { None };
    ours.movement.and_then(|movement| movement.payment).or(charged)
}

/// Which of the payments are none of this statement's.
async fn of_other_providers(
    on: Matching<'_>,
    statement: &Statement,
    payments: BTreeSet<PaymentId>,
) -> Result<BTreeSet<PaymentId>, PortError> {
    let mut elsewhere = BTreeSet::new();
    if payments.is_empty() {
        return Ok(elsewhere);
    }
    let connected = on.connections.get(statement.tenant, Consistency::Strong).await?;
    let payments: Vec<PaymentId> = payments.into_iter().collect();
    for ids in payments.chunks(BATCH_MAX) {
        let ids = ids.iter().copied().collect();
        let found = on.payments.get_many(statement.tenant, &ids, Consistency::Eventual).await?;
        let others = found.iter().filter(|payment| connected.provider_of(payment) != statement.provider);
        elsewhere.extend(others.map(|payment| payment.id));
    }
    Ok(elsewhere)
}

/// What a line's reference names, posted or not.
#[derive(Clone, Copy)]
struct Named {
    source: Source,
    /// Where a refund is found, as far as that is known.
    payment: Option<PaymentId>,
}

async fn find_ours(
    on: Matching<'_>,
    tenant: TenantId,
    lines: &[StatementLine],
) -> Result<BTreeMap<(LineKind, Reference), Ours>, PortError> {
    let compared = lines.iter().filter(|line| line.kind != LineKind::Fee);
    let names: BTreeSet<(LineKind, Reference)> = compared.map(|line| (line.kind, line.reference.clone())).collect();
    let look_up = async |name: (LineKind, Reference)| {
        let named = named(on, tenant, &name).await?;
        Ok::<_, PortError>((name, named))
    };
    let found: Vec<_> = stream::iter(names).map(look_up).buffer_unordered(AT_ONCE).try_collect().await?;
    let found: BTreeMap<_, Named> = found.into_iter().filter_map(|(name, named)| Some((name, named?))).collect();
    let mut posted = transactions(on, tenant, found.values().map(|named| named.source)).await?;
    let left: Vec<Named> = found.values().filter(|named| !posted.contains_key(&named.source)).copied().collect();
    let under_way = under_way(on, tenant, &left).await?;
    // What was final when it was looked at may have been posted since the transactions were read.
    let ended = left.iter().map(|named| named.source).filter(|source| !under_way.contains(source));
    posted.append(&mut transactions(on, tenant, ended).await?);
    let ours = found.into_iter().filter_map(|(name, Named { source, payment: _ })| {
        let movement = posted.get(&source).map(|transaction| movements(transaction.entries()));
        let movement = match movement {
            // What moved nothing at the provider is not what its statement names.
            Some(movements) => Some(*movements.first()?),
            None if under_way.contains(&source) => None,
            None => return None,
        };
        Some((name, Ours { source: Some(source), movement }))
    });
    Ok(ours.collect())
}

async fn named(
    on: Matching<'_>,
    tenant: TenantId,
    (kind, reference): &(LineKind, Reference),
) -> Result<Option<Named>, PortError> {
    if let Some(source) = own_id(*kind, reference) {
        return Ok(Some(Named { source, payment: None }));
    }
    let found = on.references.referenced(tenant, reference).await?;
    let fitting = found.into_iter().filter_map(|referenced| match (kind, referenced) {
        (LineKind::Charge, Referenced::Payment(id)) => Some(Named { source: Source::Charge(id), payment: None }),
        (LineKind::Refund, Referenced::Refund(payment, id)) => {
            Some(Named { source: Source::Refund(id), payment: Some(payment) })
        }
        (LineKind::Dispute, Referenced::Dispute(id)) => {
            Some(Named { source: Source::DisputeOpened(id), payment: None })
        }
        (LineKind::DisputeReversal, Referenced::Dispute(id)) => {
            Some(Named { source: Source::DisputeWon(id), payment: None })
        }
        _ => None,
    });
    Ok(fitting.min_by_key(|named| named.source))
}

async fn transactions(
    on: Matching<'_>,
    tenant: TenantId,
    sources: impl Iterator<Item = Source>,
) -> Result<BTreeMap<Source, Transaction>, PortError> {
    let sources: BTreeSet<Source> = sources.collect();
    let sources: Vec<Source> = sources.into_iter().collect();
    let mut found = BTreeMap::new();
    for sources in sources.chunks(BATCH_MAX) {
        let transactions = on.journal.transactions(tenant, sources).await?;
        found.extend(transactions.into_iter().map(|transaction| (transaction.source(), transaction)));
    }
    Ok(found)
}

/// Those of which the end is not known yet.
async fn under_way(on: Matching<'_>, tenant: TenantId, left: &[Named]) -> Result<BTreeSet<Source>, PortError> {
    let mut open = BTreeSet::new();
    let mut payments = Vec::new();
    for Named { source, payment } in left {
        match *source {
            Source::Charge(id) => payments.push(id),
            Source::Refund(id) => {
                let Some(payment) = *payment else { continue };
                let refund = on.refunds.get(tenant, payment, id, Consistency::Strong).await?;
                open.extend(refund.filter(|refund| refund.check_at.is_some()).map(|_| *source));
            }
            Source::DisputeOpened(id) | Source::DisputeWon(id) | Source::DisputeLost(id) => {
                let dispute = on.disputes.get(tenant, id, Consistency::Strong).await?;
                open.extend(dispute.filter(|dispute| dispute.status.is_open()).map(|_| *source));
            }
            Source::Reversal(_) => {}
        }
    }
    for ids in payments.chunks(BATCH_MAX) {
        let ids = ids.iter().copied().collect();
        let found = on.payments.get_many(tenant, &ids, Consistency::Strong).await?;
        open.extend(found.iter().filter(|payment| payment.status.is_open()).map(|payment| Source::Charge(payment.id)));
    }
    Ok(open)
}
