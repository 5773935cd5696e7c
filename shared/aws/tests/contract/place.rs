//! Where the tests run: an endpoint, and tables made for one test.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use coffer_aws::{
    Aws, CommerceTable, Credentials, IdentityTable, PlatformTable, RedisCache, RedisConfig, Settings, SystemRandom,
};
use domain::ids::RequestId;
use futures_util::FutureExt;
use ports::clock::Random;

const INDEXES: [(&str, &str, ProjectionType); 4] = [
    ("by_status", "gsi1", ProjectionType::All),
    ("by_customer", "gsi2", ProjectionType::All),
    ("due", "gsi3", ProjectionType::KeysOnly),
    ("by_reference", "gsi4", ProjectionType::KeysOnly),
];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}

/// Tenants and ids that no other run has. Shown where a test fails.
pub fn seed() -> u128 {
    let seed = SystemRandom.bits();
    eprintln!("seed {seed}");
    seed
}

pub fn unique_name(kind: &str) -> String {
    format!("contract-{kind}-{}", RequestId::from_u128(SystemRandom.bits()))
}

/// Without credentials in the environment, those an emulator takes.
pub fn aws() -> Aws {
    let endpoint_url = Some(variable("COFFER_AWS_ENDPOINT"));
    let from_environment = Settings::from_env(&|name| std::env::var(name).ok());
    let emulator = || Settings {
        region: "us-east-1".to_owned(),
        credentials: Credentials::new("test", "test", None, None, "test"),
        endpoint_url: None,
    };
    let settings = from_environment.unwrap_or_else(|_| emulator());
    Aws::new(Settings { endpoint_url, ..settings })
}

pub fn redis_address() -> (String, u16) {
    let url = variable("COFFER_REDIS_URL");
    let address = url.trim_start_matches("redis://").trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').expect("redis://host:port");
    (host.to_owned(), port.parse().expect("a port"))
}

/// Patient: on a busy machine a test of what the cache does must not become one of its absence.
pub fn redis() -> RedisCache {
    let (host, port) = redis_address();
    let patience = Duration::from_secs(5);
    RedisCache::new(RedisConfig {
        connect_within: patience,
        answer_within: patience,
        ..RedisConfig::new(host, port, false)
    })
}

pub async fn with_commerce(test: impl AsyncFnOnce(&CommerceTable)) {
    let aws = aws();
    let name = unique_name("commerce");
    create_table(&aws, &name, true).await;
    let result = AssertUnwindSafe(test(&CommerceTable::new(&aws, name.as_str()))).catch_unwind().await;
    delete_table(&aws, &name).await;
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Both tables that a commit of the platform writes to.
pub async fn with_platform(test: impl AsyncFnOnce(&PlatformTable, &CommerceTable)) {
    let aws = aws();
    let (name, commerce_name) = (unique_name("platform"), unique_name("commerce"));
    create_table(&aws, &name, true).await;
    create_table(&aws, &commerce_name, true).await;
    let platform = PlatformTable::new(&aws, name.as_str(), commerce_name.as_str());
    let commerce = CommerceTable::new(&aws, commerce_name.as_str());
    let result = AssertUnwindSafe(test(&platform, &commerce)).catch_unwind().await;
    delete_table(&aws, &name).await;
    delete_table(&aws, &commerce_name).await;
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

pub async fn with_identity(test: impl AsyncFnOnce(&IdentityTable)) {
    let aws = aws();
    let name = unique_name("identity");
    create_table(&aws, &name, false).await;
    let result = AssertUnwindSafe(test(&IdentityTable::new(&aws, name.as_str()))).catch_unwind().await;
    delete_table(&aws, &name).await;
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

/// As the template makes it.
pub async fn create_table(aws: &Aws, name: &str, with_indexes: bool) {
    let mut attributes = vec![attribute("pk"), attribute("sk")];
    let mut request = aws.dynamodb().create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (index, prefix, projection) in INDEXES.into_iter().filter(|_| with_indexes) {
        let (pk, sk) = (format!("{prefix}pk"), format!("{prefix}sk"));
        attributes.extend([attribute(&pk), attribute(&sk)]);
        let index = GlobalSecondaryIndex::builder()
            .index_name(index)
            .set_key_schema(Some(key_schema(&pk, &sk)))
            .projection(Projection::builder().projection_type(projection).build());
        request = request.global_secondary_indexes(index.build().expect("an index"));
    }
    let request = request.set_attribute_definitions(Some(attributes)).set_key_schema(Some(key_schema("pk", "sk")));
    request.send().await.expect("a table is created");
}

pub async fn delete_table(aws: &Aws, name: &str) {
    aws.dynamodb().delete_table().table_name(name).send().await.expect("the table is deleted");
}

fn attribute(name: &str) -> AttributeDefinition {
    let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    definition.build().expect("an attribute")
}

fn key_schema(pk: &str, sk: &str) -> Vec<KeySchemaElement> {
    let element = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
    vec![element(pk, KeyType::Hash), element(sk, KeyType::Range)]
}
