//! Credentials: passwords by Argon2id, access tokens by ES256, refresh tokens by chance. Knows no storage and no AWS; the
//! signing key is a port. Constructing anything here costs nothing: the work is done when it is asked for.

mod access_token;
mod discovery;
mod jws;
mod known_passwords;
mod passwords;
mod refresh_token;
mod tokens;
mod verify;

pub use access_token::{Claims, issue};
pub use discovery::{jwks, metadata};
pub use known_passwords::refuse_known;
pub use passwords::{Argon2Passwords, Cost};
pub use tokens::SignedTokens;
pub use verify::{LEEWAY_MAX, Policy, TOKEN_LEN_MAX, TokenRefusal, verify};

#[cfg(test)]
mod test_key;
