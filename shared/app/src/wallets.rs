//! Wallets as the API sees them: created, read, listed. Money goes in and out by payments.

use domain::event::EventType;
use domain::idempotency::{Answer, Claim};
use domain::ids::TenantId;
use domain::ledger::AccountId;
use domain::page::{Page, PageRequest};
use domain::wallet::{NewWallet, Wallet};
use ports::commerce::{Change, Commerce, Commit, Consistency, Wallets};

use crate::commit;
use crate::{Context, Error, Outcome};

pub async fn create(
    context: &Context<'_>,
    commerce: &dyn Commerce,
    tenant: TenantId,
    claim: Option<Claim>,
    input: NewWallet,
) -> Result<Outcome, Error> {
    let now = context.now();
    let wallet = Wallet::new(context.id(), tenant, input, now);
    let body = api::wallet(&wallet);
    let location = Some(format!("{}/wallets/{}", api::BASE_PATH, wallet.account()));
    let answer = Answer { status: 201, location, body: body.clone() };
    let events = vec![context.event(tenant, EventType::WalletCreated, wallet.account(), body)];
    let record = commit::record(claim.as_ref(), &answer, now);
    let commit = Commit { tenant, record, changes: vec![Change::CreateWallet(wallet)], events, now };
    commit::answer(commerce, commit, answer).await
}

/// Read strongly: what it holds is what may be spent.
pub async fn get(wallets: &dyn Wallets, tenant: TenantId, account: AccountId) -> Result<Wallet, Error> {
    wallets.get(tenant, account, Consistency::Strong).await?.ok_or(Error::NotFound("wallet"))
}

pub async fn list(
    wallets: &dyn Wallets,
    tenant: TenantId,
    page: PageRequest<AccountId>,
) -> Result<Page<Wallet, AccountId>, Error> {
    Ok(wallets.list(tenant, page).await?)
}
