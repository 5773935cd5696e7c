//! The adapters: every port except the password hasher and the payment provider, over DynamoDB, S3, SQS, KMS, SES, API
//! Gateway, Bedrock and Redis. The only crate that names `aws-sdk-*` and `redis`. Nothing here connects before its first call.
//!
//! How a function is wired:
//!
//! ```text
//! let aws = Aws::new(Settings::from_env(&|name| std::env::var(name).ok())?);
//! let commerce = CommerceTable::new(&aws, "commerce");     // Commerce, Orders, Payments, Refunds, Accounts, Events, Due,
//!                                                          // Journal, Closings, LedgerRows, Verifications
//! let platform = PlatformTable::new(&aws, "platform", "commerce");          // Platform, Files, Jobs, Allowances; events are commerce's
//! let identity = IdentityTable::new(&aws, "identity");     // Tenants, Users, Sessions, LoginAttempts
//! let blobs = S3Blobs::new(&aws, "bucket");                // Blobs, BlobParts
//! let queues = SqsQueues::new(&aws, urls);                 // Queues; urls: BTreeMap<Queue, String>
//! let redelivery = SqsRedelivery::new(&aws, queue_url, dead_letters_url);          // Redelivery, of one queue
//! let key = KmsTokenKey::new(&aws, "alias/token");         // TokenKey
//! let vault = KmsVault::new(&aws, "alias/vault");          // Vault
//! let pusher = GatewayPusher::new(&aws, url);              // Pusher
//! let mailer = SesMailer::new(&aws, from, None);        // Mailer
//! let model = BedrockExtractor::new(&aws, &model_settings);            // Extractor
//! let cache = RedisCache::new(RedisConfig::new(host, port, tls));      // Cache
//! let (clock, random) = (SystemClock, SystemRandom);       // Clock, Random
//! ```

mod bedrock;
mod calls;
mod digest;
mod dynamodb;
mod error;
mod gateway;
mod kms;
#[cfg(test)]
mod listener;
mod opt_out_key;
mod redelivery;
mod redis;
mod roots;
mod s3;
mod sandbox;
mod sdk;
mod ses;
mod ses_feedback;
mod sqs;
mod system;
mod vault;

pub use aws_sdk_dynamodb::config::Credentials;
pub use bedrock::{BedrockExtractor, ModelSettings};
pub use calls::CallCounter;
pub use dynamodb::stream::decode_change;
pub use dynamodb::{CommerceTable, IdentityTable, PlatformTable};
pub use gateway::GatewayPusher;
pub use kms::KmsTokenKey;
pub use opt_out_key::KmsOptOutKey;
pub use redelivery::SqsRedelivery;
pub use redis::{RedisCache, RedisConfig};
pub use s3::{S3Blobs, UnreadableUploads, decode_uploads};
pub use sandbox::SandboxTable;
pub use sdk::{Aws, MissingVariables, Settings};
pub use ses::SesMailer;
pub use ses_feedback::{UnreadableFeedback, decode_feedback, without_addresses};
pub use sqs::{SqsQueues, UnreadableNotice, about_message, decode_notice};
pub use system::{SystemClock, SystemRandom};
pub use vault::KmsVault;
