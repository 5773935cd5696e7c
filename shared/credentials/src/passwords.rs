//! Passwords by Argon2id (RFC 9106), written as PHC strings. The cost of a stored hash is its own, within bounds; a user
//! that does not exist costs what a user of the present cost does.

use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::identity::Password;
use domain::secret::Secret;
use ports::credentials::PasswordHasher;
use ports::{PortError, PortErrorKind};

const ALGORITHM: &str = "argon2id";
const VERSION: u32 = 0x13;
const SALT_LEN: usize = 16;
const OUTPUT_LEN: usize = 32;
/// What a stored hash may ask for at most: a row that was tampered with must not exhaust the function.
const BOUND: Cost = Cost { memory_kib: 128 * 1024, passes: 10, lanes: 4 };

/// How much work a password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    /// The first recommendation of OWASP's Password Storage Cheat Sheet for functions with little memory.
    pub const OWASP: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The least that Argon2 allows: for tests, which are not about its strength.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    fn is_within(self, bound: Self) -> bool {
        self.memory_kib <= bound.memory_kib && self.passes <= bound.passes && self.lanes <= bound.lanes
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Argon2Passwords {
    cost: Cost,
}

impl Argon2Passwords {
    pub const fn new(cost: Cost) -> Self {
        Self { cost }
    }
}

impl Default for Argon2Passwords {
    fn default() -> Self {
        Self::new(Cost::OWASP)
    }
}

impl PasswordHasher for Argon2Passwords {
    fn hash(&self, password: &Password) -> Result<Secret, PortError> {
        let mut salt = [0; SALT_LEN];
        rand::fill(&mut salt)
            .map_err(|source| PortError::caused_by(PortErrorKind::Unavailable, "draw a salt", source))?;
        let mut stored = Stored { cost: self.cost, salt: salt.to_vec(), output: vec![0; OUTPUT_LEN] };
        stored.output = derive(password.reveal(), &stored)?;
        Ok(Secret::new(stored.to_phc()))
    }

    fn verify(&self, password: &str, hash: Option<&Secret>) -> Result<bool, PortError> {
        verify_by(derive, self.cost, password, hash)
    }
}

/// One derivation, whether there is a hash or not.
fn verify_by(
    derive: impl Fn(&str, &Stored) -> Result<Vec<u8>, PortError>,
    cost: Cost,
    password: &str,
    hash: Option<&Secret>,
) -> Result<bool, PortError> {
    let stored = match hash {
        Some(hash) => Stored::parse(hash.reveal()).ok_or_else(unreadable)?,
        None => Stored::nobody(cost),
    };
    let derived = derive(password, &stored)?;
    let is_same = verify_slices_are_equal(&derived, &stored.output).is_ok();
    Ok(is_same && hash.is_some())
}

fn unreadable() -> PortError {
    PortError::new(PortErrorKind::Corrupt, "read a password hash")
}

fn derive(password: &str, stored: &Stored) -> Result<Vec<u8>, PortError> {
    let failed = |error: argon2::Error| {
        PortError::caused_by(PortErrorKind::Rejected, "derive a password hash", error.to_string())
    };
    let Stored { cost, salt, output } = stored;
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(output.len())).map_err(failed)?;
    let mut derived = vec![0; output.len()];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut derived)
        .map_err(failed)?;
    Ok(derived)
}

/// What a PHC string says.
#[derive(Clone, PartialEq, Eq)]
struct Stored {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    /// The hash of a user that does not exist. No password derives it, and if one did, it would not count.
    fn nobody(cost: Cost) -> Self {
        Self { cost, salt: vec![0; SALT_LEN], output: vec![0; OUTPUT_LEN] }
    }

    /// `None` unless it is Argon2id of version 1.3 within [`BOUND`].
    fn parse(phc: &str) -> Option<Self> {
        let hash = PasswordHash::new(phc).ok()?;
        let is_ours = hash.algorithm.as_str() == ALGORITHM && hash.version == Some(VERSION);
        let params = Params::try_from(&hash).ok()?;
        let cost = Cost { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
        let (salt, output) = (hash.salt?.to_vec(), hash.hash?.as_bytes().to_vec());
        (is_ours && cost.is_within(BOUND)).then_some(Self { cost, salt, output })
    }

    fn to_phc(&self) -> String {
        let Self { cost: Cost { memory_kib, passes, lanes }, salt, output } = self;
        let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
        format!("${ALGORITHM}$v={VERSION}$m={memory_kib},t={passes},p={lanes}${salt}${output}")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const PASSWORD: &str = "a good long password";

    fn hashed(cost: Cost) -> Secret {
        let password = Password::parse(PASSWORD).expect("long enough");
        Argon2Passwords::new(cost).hash(&password).expect("hashes")
    }

    #[test]
    fn only_the_password_itself_is_right() {
        let passwords = Argon2Passwords::new(Cost::LEAST);
        let hash = hashed(Cost::LEAST);
        for (attempt, expected) in
            [(PASSWORD, true), ("A good long password", false), ("", false), ("a good long password ", false)]
        {
            assert_eq!(passwords.verify(attempt, Some(&hash)).ok(), Some(expected), "{attempt:?}");
        }
    }

    #[test]
    fn hashes_carry_owasp_s_cost_and_a_salt_of_their_own() {
        let (one, other) = (hashed(Cost::OWASP), hashed(Cost::OWASP));
        assert!(one.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.reveal());
        assert_ne!(one, other);
        assert!(Argon2Passwords::default().verify(PASSWORD, Some(&one)).expect("readable"));
    }

    /// The vector of RFC 9106 needs a key and associated data; this one is of the reference implementation's own tests.
    #[test]
    fn the_reference_implementation_agrees() {
        let theirs = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let passwords = Argon2Passwords::new(Cost::LEAST);
        assert_eq!(passwords.verify("password", Some(&Secret::new(theirs))).ok(), Some(true));
        assert_eq!(passwords.verify("passwore", Some(&Secret::new(theirs))).ok(), Some(false));
    }

    /// What is not stable is the time, so the work is compared: how often it is done, at which cost, for how many bytes.
    #[test]
    fn an_unknown_user_is_the_same_work_as_a_wrong_password() {
        let work_for = |hash: Option<&Secret>| {
            let seen = RefCell::new(Vec::new());
            let verdict = verify_by(
                |password, stored| {
                    seen.borrow_mut().push((password.to_owned(), stored.cost, stored.salt.len(), stored.output.len()));
                    derive(password, stored)
                },
                Cost::LEAST,
                "wrong",
                hash,
            );
            assert_eq!(verdict.ok(), Some(false));
            seen.into_inner()
        };
        let known = work_for(Some(&hashed(Cost::LEAST)));
        assert_eq!(known.len(), 1);
        assert_eq!(work_for(None), known);
    }

    #[test]
    fn nobody_has_no_password_even_if_the_bytes_agree() {
        let zeros = |_: &str, stored: &Stored| Ok(stored.output.clone());
        assert_eq!(verify_by(zeros, Cost::LEAST, "any", None).ok(), Some(false));
    }

    #[test]
    fn stored_hashes_of_another_kind_or_cost_are_refused() {
        let good = hashed(Cost::LEAST).reveal().to_owned();
        for (name, bad) in [
            ("empty", String::new()),
            ("plain text", PASSWORD.to_owned()),
            ("another algorithm", good.replace("argon2id", "argon2i")),
            ("an older version", good.replace("v=19", "v=16")),
            ("too much memory", good.replace("m=8", "m=131073")),
            ("too many passes", good.replace("t=1", "t=11")),
            ("too many lanes", good.replace("m=8", "m=40").replace("p=1", "p=5")),
            ("no output", good.rsplit_once('$').expect("fields").0.to_owned()),
            ("something after it", format!("{good}$more")),
        ] {
            let refused = Argon2Passwords::new(Cost::LEAST).verify(PASSWORD, Some(&Secret::new(bad)));
            assert_eq!(refused.map_err(|error| error.kind), Err(PortErrorKind::Corrupt), "{name}");
        }
    }
}
