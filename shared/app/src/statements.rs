//! Providers' statements as the API sees them: taken in, read, listed, and their differences. Matching is the worker's
//! (`match_statement`).

use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::{StatementId, TenantId};
use domain::page::{Limit, Page, PageRequest};
use domain::statement::{Difference, DifferenceKind, NewStatement, Statement};
use ports::commerce::{Change, Commerce, Commit, Consistency};
use ports::statement::Statements;

use crate::commit;
use crate::{Context, Error, Outcome};

/// Takes a statement in with all its lines, its event and the stored answer, in one transaction.
pub async fn create(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: Claim,
    input: NewStatement,
) -> Result<Outcome, Error> {
    let now = context.now();
    let statement = Statement::new(context.id(), tenant, &input, now);
    let NewStatement { lines, .. } = input;
    let body = api::statement(&statement);
    let location = Some(format!("{}/statements/{}", api::BASE_PATH, statement.id));
    let answer = Answer { status: 202, location, body: body.clone() };
    let events = vec![context.event(tenant, EventType::StatementCreated, statement.id, body)];
    let record = commit::record(Some(&claim), &answer, now);
    let changes = vec![Change::CreateStatement { statement, lines }];
    commit::answer(commerce, Commit { tenant, record, changes, events, now }, answer).await
}

/// Read strongly where a replica does not have it yet.
pub async fn get(statements: &dyn Statements, tenant: TenantId, id: StatementId) -> Result<Statement, Error> {
    if let Some(statement) = statements.get(tenant, id, Consistency::Eventual).await? {
        return Ok(statement);
    }
    statements.get(tenant, id, Consistency::Strong).await?.ok_or(Error::NotFound("statement"))
}

pub async fn list(
    statements: &dyn Statements,
    tenant: TenantId,
    page: PageRequest<StatementId>,
) -> Result<Page<Statement, StatementId>, Error> {
    Ok(statements.list(tenant, page).await?)
}

/// Which differences: of one kind or all, after one that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Which {
    pub kind: Option<DifferenceKind>,
    pub limit: Limit,
    /// The place of the last one that was seen, among all.
    pub after: Option<u32>,
}

/// The differences of a statement, by kind; `next` is the place of the last one shown. None as long as it is under way.
pub async fn differences(
    statements: &dyn Statements,
    tenant: TenantId,
    id: StatementId,
    which: Which,
) -> Result<Page<Difference, u32>, Error> {
    let statement = get(statements, tenant, id).await?;
    let Which { kind, limit, after } = which;
    let all = statement.counts.unwrap_or_default().range_of(kind);
    let start = after.map_or(all.start, |after| after.saturating_add(1).max(all.start)).min(all.end);
    let count = u32::try_from(limit.get()).unwrap_or(u32::MAX);
    let end = start.saturating_add(count).min(all.end);
    let items = statements.differences(tenant, id, start..end).await?;
    Ok(Page { items, next: (end < all.end).then(|| end.saturating_sub(1)) })
}
