//! Password hashes. Their strength, and that nobody is told from a wrong password by time, are the hasher's own tests.

use domain::identity::Password;
use domain::secret::Secret;
use ports::credentials::PasswordHasher;

const RIGHT: &str = "correct horse battery staple";
const WRONG: &str = "correct horse battery stapler";

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
