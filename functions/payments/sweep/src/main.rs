//! What the function is made of on AWS.

use std::collections::BTreeMap;

use app::Opened;
use app::match_statement::Matching;
use app::providers::Directory;
use app::sweep::Sweeping;
use app::{settle_payment, settle_refund};
use aws::{Aws, CommerceTable, KmsVault, Settings, SqsQueues, SystemClock, SystemRandom};
use domain::event::Queue;
use domain::secret::Secret;
use payments_sweep::{Deps, step};
use ports::clock::Mint;
use provider::{HttpConnector, ProviderConfig};
use runtime::config::{Reader, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let commerce_table = reader.text("COMMERCE_TABLE");
    let sandbox = reader.optional("PROVIDER_URL").zip(reader.optional("PROVIDER_API_KEY"));
    let stripe_url = reader.text("STRIPE_URL");
    let vault_key = reader.text("VAULT_KEY");
    let payments_url = reader.text("PAYMENTS_QUEUE_URL");
    let refunds_url = reader.text("REFUNDS_QUEUE_URL");
    let providers_url = reader.text("PROVIDERS_QUEUE_URL");
    let webhooks_url = reader.text("WEBHOOKS_QUEUE_URL");
    let statements_url = reader.text("STATEMENTS_QUEUE_URL");
    let receipts_url = reader.text("RECEIPTS_QUEUE_URL");
    let notifications_url = reader.text("NOTIFICATIONS_QUEUE_URL");
    let files_url = reader.text("FILES_QUEUE_URL");
    let jobs_url = reader.text("JOBS_QUEUE_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table);
    let queues = SqsQueues::new(
        &aws,
        BTreeMap::from([
            (Queue::Payments, payments_url),
            (Queue::Refunds, refunds_url),
            (Queue::Providers, providers_url),
            (Queue::Webhooks, webhooks_url),
            (Queue::Statements, statements_url),
            (Queue::Receipts, receipts_url),
            (Queue::Notifications, notifications_url),
            (Queue::Files, files_url),
            (Queue::Jobs, jobs_url),
        ]),
    );
    let sandbox = sandbox.map(|(url, key)| ProviderConfig::new(url, Secret::new(key)));
    let connector = HttpConnector::new(sandbox, stripe_url)?;
    let (vault, opened) = (KmsVault::new(&aws, vault_key), Opened::default());
    let providers = Directory { connections: &commerce, vault: &vault, connector: &connector, opened: &opened };
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let payments = settle_payment::Settling {
        commerce: &commerce,
        payments: &commerce,
        orders: &commerce,
        fees: &commerce,
        providers,
    };
    let refunds = settle_refund::Settling {
        commerce: &commerce,
        payments: &commerce,
        refunds: &commerce,
        orders: &commerce,
        providers,
    };
    let sweeping = Sweeping {
        due: &commerce,
        events: &commerce,
        queues: &queues,
        payments,
        refunds,
        disputes: &commerce,
        statements: Matching::of(&commerce),
    };
    let deps = Deps { mint, sweeping };
    runtime::run_schedule(async || step(deps).await).await
}
