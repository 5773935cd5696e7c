//! Webhooks over HTTP: requests signed as the Standard Webhooks specification has it
//! (<https://github.com/standard-webhooks/standard-webhooks>), sent to addresses of the public internet only.

mod guard;
mod retry_after;
mod sender;
mod signer;

pub use sender::{HttpSender, SenderConfig};
pub use signer::StandardSigner;
