//! What the function is made of on AWS.

use std::sync::Arc;

use app::sessions::LoggingIn;
use aws::{Aws, IdentityTable, KmsTokenKey, Settings, SystemClock, SystemRandom};
use credentials::{Argon2Passwords, SignedTokens};
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use sessions_create::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let identity_table = reader.text("IDENTITY_TABLE");
    let token_key = reader.text("TOKEN_KEY");
    let public_url = reader.text("PUBLIC_URL");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let identity = IdentityTable::new(&aws, identity_table);
    let key = Arc::new(KmsTokenKey::new(&aws, token_key));
    let tokens = SignedTokens::new(key, Arc::new(SystemRandom), &public_url, &public_url);
    let passwords = Argon2Passwords::default();
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let stores = LoggingIn {
        users: &identity,
        sessions: &identity,
        attempts: &identity,
        passwords: &passwords,
        tokens: &tokens,
    };
    let deps = Deps { mint, stores };
    runtime::run_http(async |request| answer(deps, request).await).await
}
