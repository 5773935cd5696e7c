//! What the function is made of on AWS.

use std::time::Duration;

use app::extract::Extracting;
use app::report::Sources;
use app::run_job::{Looking, Running};
use app::work::WorkError;
use aws::{
    Aws, BedrockExtractor, CommerceTable, IdentityTable, ModelSettings, PlatformTable, S3Blobs, Settings,
    SqsRedelivery, SystemClock, SystemRandom, decode_notice,
};
use domain::allowance::{ModelTerms, Spending};
use jobs_run::{Deps, step};
use ports::clock::Mint;
use ports::extraction::Extractor;
use runtime::config::{Reader, environment};

/// The least that S3 takes for a part that is not the last.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Half of the template's time-out: from then on the end of a part is waited for.
const PATIENCE: Duration = Duration::from_secs(150);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let platform_table = reader.text("PLATFORM_TABLE");
    let commerce_table = reader.text("COMMERCE_TABLE");
    let identity_table = reader.text("IDENTITY_TABLE");
    let bucket = reader.text("FILES_BUCKET");
    let queue_url = reader.text("QUEUE_URL");
    let dead_letters_url = reader.text("DEAD_LETTERS_URL");
    let terms = terms(&mut reader);
    let model = model(&mut reader, &terms);
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let commerce = CommerceTable::new(&aws, commerce_table.as_str());
    let platform = PlatformTable::new(&aws, platform_table, commerce_table);
    let identity = IdentityTable::new(&aws, identity_table);
    let blobs = S3Blobs::new(&aws, bucket);
    let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let sources = Sources { payments: &commerce, accounts: &commerce, wallets: &commerce, rows: &commerce };
    let looking = Looking { platform: &platform, jobs: &platform };
    let extractor = model.map(|model| BedrockExtractor::new(&aws, &model));
    let extracting = Extracting {
        extractor: extractor.as_ref().map(|extractor| extractor as &dyn Extractor),
        files: &platform,
        allowances: &platform,
        terms,
    };
    let running = Running {
        looking,
        blobs: &blobs,
        parts: &blobs,
        sources,
        tenants: &identity,
        print: documents::listing,
        extracting,
        part_bytes: PART_BYTES,
        patience: PATIENCE,
    };
    let deps = Deps { mint, running };
    runtime::run_queue(&redelivery, &SystemRandom, async |message| {
        let notice = decode_notice(&message.body, message.trace.clone());
        step(deps, &notice.map_err(|error| WorkError::Poison(error.to_string()))?).await
    })
    .await
}

fn terms(reader: &mut Reader<'_>) -> ModelTerms {
    const MICRO_DOLLARS_PER_CENT: u64 = 10_000;
    let tokens = reader.parsed("EXTRACTION_TOKENS_PER_MONTH");
    let cents: u64 = reader.parsed("EXTRACTION_CENTS_PER_MONTH");
    ModelTerms {
        input_cents: reader.parsed("MODEL_INPUT_CENTS"),
        output_cents: reader.parsed("MODEL_OUTPUT_CENTS"),
        context_tokens: reader.parsed("MODEL_CONTEXT_TOKENS"),
        output_tokens: reader.parsed("MODEL_OUTPUT_TOKENS"),
        cap: Spending { tokens, micro_dollars: cents.saturating_mul(MICRO_DOLLARS_PER_CENT) },
    }
}

/// None where there is none in this environment.
fn model(reader: &mut Reader<'_>, terms: &ModelTerms) -> Option<ModelSettings> {
    let time_out = Duration::from_secs(reader.parsed("MODEL_TIME_OUT_SECONDS"));
    let id = reader.optional("MODEL_ID")?;
    Some(ModelSettings { id, url: reader.optional("MODEL_URL"), output_tokens: terms.output_tokens, time_out })
}
