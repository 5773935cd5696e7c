//! The password hasher's contract, at the least cost and at the one that is used.

use coffer_credentials::{Argon2Passwords, Cost};
use contract::passwords as promises;

#[tokio::test]
async fn passwords_of_the_least_cost() {
    let passwords = Argon2Passwords::new(Cost::LEAST);
    promises::a_password_verifies_against_its_hash_alone(&passwords).await;
    promises::a_hash_is_salted_and_in_phc_format(&passwords).await;
}

#[tokio::test]
async fn passwords_as_they_are_used() {
    let passwords = Argon2Passwords::default();
    promises::a_password_verifies_against_its_hash_alone(&passwords).await;
}
