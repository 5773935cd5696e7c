//! Password hashes. Their strength is the hasher's own test.

use domain::identity::Password;
use domain::secret::Secret;
use ports::credentials::PasswordHasher;
use std::time::{Duration, Instant};

const RIGHT: &str = "correct horse battery staple";
const WRONG: &str = "correct horse battery stapler";
/// Below this a hasher is a fake and its times say nothing.
const MEASURABLE: Duration = Duration::from_millis(5);

fn password(text: &str) -> Password {
    Password::parse(text).expect("a password of 12 to 128 characters")
}

fn hash(hasher: &dyn PasswordHasher) -> Secret {
    hasher.hash(&password(RIGHT)).expect("a password is hashed")
}

pub async fn a_password_verifies_against_its_hash_alone(hasher: &dyn PasswordHasher) {
    let other = hasher.hash(&password(WRONG)).expect("a password is hashed");
    let hash = hash(hasher);
    for (given, hash, expected) in [
        (RIGHT, Some(&hash), true),
        (WRONG, Some(&hash), false),
        ("", Some(&hash), false),
        (RIGHT, Some(&other), false),
        (WRONG, Some(&other), true),
        (RIGHT, None, false),
        ("", None, false),
    ] {
        assert_eq!(hasher.verify(given, hash).expect("a hash is verified"), expected);
    }
}

pub async fn a_hash_is_salted_and_in_phc_format(hasher: &dyn PasswordHasher) {
    let (one, other) = (hash(hasher), hash(hasher));
    assert_ne!(one, other, "two hashes of one password are equal: there is no salt");
    for hash in [one, other] {
        assert!(!hash.reveal().contains(RIGHT), "a hash shows its password");
        let mut fields = hash.reveal().split('$');
        assert_eq!(fields.next(), Some(""), "a PHC string begins with a dollar sign");
        assert!(fields.next().is_some_and(|algorithm| !algorithm.is_empty()), "a PHC string names its algorithm");
        assert!(fields.count() >= 2, "a PHC string has a salt and a hash");
    }
}

pub async fn an_unknown_user_takes_as_long_as_a_wrong_password(hasher: &dyn PasswordHasher) {
    let hash = hash(hasher);
    let shortest = |hash: Option<&Secret>| {
        let times = (0..3).map(|_| {
            let start = Instant::now();
            hasher.verify(WRONG, hash).expect("a hash is verified");
            start.elapsed()
        });
        times.min().unwrap_or_default()
    };
    // The first call for nobody may have something to prepare.
    hasher.verify(WRONG, None).expect("a hash is verified");
    let (known, unknown) = (shortest(Some(&hash)), shortest(None));
    let told_apart = unknown * 3 < known * 2 || known * 3 < unknown * 2;
    assert!(known < MEASURABLE || !told_apart, "a wrong password takes {known:?}, an unknown user {unknown:?}");
}
