//! What the function is made of on AWS.

use app::tenants::SigningUp;
use aws::{Aws, IdentityTable, Settings, SystemClock, SystemRandom};
use credentials::Argon2Passwords;
use ports::clock::Mint;
use runtime::config::{Reader, environment};
use tenants_create::{Deps, answer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::start();
    let mut reader = Reader::new(&environment);
    let identity_table = reader.text("IDENTITY_TABLE");
    let per_address = reader.parsed("SIGN_UPS_PER_ADDRESS");
    reader.finish(())?;
    let aws = Aws::new(Settings::from_env(&environment)?);
    let identity = IdentityTable::new(&aws, identity_table);
    let mint = Mint { clock: &SystemClock, random: &SystemRandom };
    let passwords = Argon2Passwords::default();
    let stores = SigningUp { tenants: &identity, attempts: &identity, passwords: &passwords, per_address };
    let deps = Deps { mint, stores };
    runtime::run_http(async |request| answer(deps, request).await).await
}
