//! Password hashes for tests: FNV-1a with a counted salt. Takes no time and protects nothing: never outside a test.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::identity::Password;
use domain::secret::Secret;
use ports::credentials::PasswordHasher;
use ports::{PortError, PortErrorKind};

use crate::faults::Faults;

#[derive(Debug, Default)]
pub struct Passwords {
    faults: Faults,
    salts: AtomicU64,
}

impl Passwords {
    pub fn new(faults: Faults) -> Self {
        Self { faults, salts: AtomicU64::new(1) }
    }
}

impl PasswordHasher for Passwords {
    fn hash(&self, password: &Password) -> Result<Secret, PortError> {
        self.faults.call_now("passwords.hash", || {
            let salt = self.salts.fetch_add(1, Ordering::Relaxed);
            Ok(hashed(password.reveal(), salt))
        })
    }

    fn verify(&self, password: &str, hash: Option<&Secret>) -> Result<bool, PortError> {
        self.faults.call_now("passwords.verify", || {
            let Some(hash) = hash else { return Ok(false) };
            let salt = salt_of(hash).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "passwords.verify"))?;
            Ok(hashed(password, salt) == *hash)
        })
    }
}

fn hashed(password: &str, salt: u64) -> Secret {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let bytes = salt.to_be_bytes().into_iter().chain(password.bytes());
    let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    Secret::new(format!("$fnv1a-for-tests${salt:016x}${hash:016x}"))
}

fn salt_of(hash: &Secret) -> Option<u64> {
    let salt = hash.reveal().strip_prefix("$fnv1a-for-tests$")?.split('$').next()?;
    u64::from_str_radix(salt, 16).ok()
}
