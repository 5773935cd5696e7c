//! The vault: a secret comes out where it belongs, and nowhere else.

use domain::secret::{Sealed, Secret};
use ports::vault::{Purpose, SECRET_LEN_MAX, Vault};
use ports::{PortError, PortErrorKind};

use crate::World;

const SECRET: &str = "sk_test_0123456789abcdef, with an é";

fn purpose(world: &World) -> Purpose {
    Purpose { tenant: world.tenant(), name: "provider/stripe/api_key".to_owned() }
}

async fn seal(vault: &dyn Vault, purpose: &Purpose) -> Sealed {
    vault.seal(purpose, &Secret::new(SECRET)).await.expect("a secret is sealed")
}

fn is_refused(result: Result<Secret, PortError>) -> bool {
    matches!(result, Err(error) if error.kind == PortErrorKind::Rejected)
}

pub async fn what_is_sealed_is_opened(vault: &dyn Vault, seed: u128) {
    let purpose = purpose(&World::new(seed));
    let sealed = seal(vault, &purpose).await;
    assert_eq!(vault.open(&purpose, &sealed).await.expect("it is opened"), Secret::new(SECRET));
    let longest = Secret::new("x".repeat(SECRET_LEN_MAX));
    let sealed = vault.seal(&purpose, &longest).await.expect("the longest is sealed");
    assert_eq!(vault.open(&purpose, &sealed).await.expect("it is opened"), longest);
}

pub async fn a_longer_secret_is_refused(vault: &dyn Vault, seed: u128) {
    let too_long = Secret::new("x".repeat(SECRET_LEN_MAX + 1));
    let error = vault.seal(&purpose(&World::new(seed)), &too_long).await.expect_err("too long");
    assert_eq!(error.kind, PortErrorKind::Rejected);
}

pub async fn what_is_sealed_shows_nothing(vault: &dyn Vault, seed: u128) {
    let purpose = purpose(&World::new(seed));
    let (once, again) = (seal(vault, &purpose).await, seal(vault, &purpose).await);
    assert_ne!(once, again, "two of the same secret can be told to be the same");
    assert!(!once.0.windows(8).any(|window| SECRET.as_bytes().starts_with(window)), "the secret is to be read");
}

pub async fn another_purpose_opens_nothing(vault: &dyn Vault, seed: u128) {
    let world = World::new(seed);
    let purpose = purpose(&world);
    let sealed = seal(vault, &purpose).await;
    let of_another_tenant = Purpose { tenant: world.tenant(), ..purpose.clone() };
    assert!(is_refused(vault.open(&of_another_tenant, &sealed).await), "another tenant opens it");
    let for_something_else = Purpose { name: "provider/stripe/events_secret".to_owned(), ..purpose };
    assert!(is_refused(vault.open(&for_something_else, &sealed).await), "another purpose opens it");
}

/// That a changed byte is noticed is the key's own matter: AES-GCM in KMS, not in an emulator of it.
pub async fn what_was_never_sealed_is_refused(vault: &dyn Vault, seed: u128) {
    let purpose = purpose(&World::new(seed));
    let sealed = seal(vault, &purpose).await;
    let beginning = Sealed(sealed.0[..8].to_vec());
    for faulty in [beginning, Sealed(SECRET.as_bytes().to_vec()), Sealed(Vec::new())] {
        assert!(is_refused(vault.open(&purpose, &faulty).await), "{} bytes are opened", faulty.0.len());
    }
}
