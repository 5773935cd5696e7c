//! Tenants, their users and their sessions.

use std::time::Duration;

use crate::access::Role;
use crate::field::Invalid;
use crate::ids::{SessionId, TenantId, UserId};
use crate::secret::Secret;
use crate::text::{Email, Name};
use crate::time::Timestamp;

/// How long a session lasts without being refreshed.
pub const SESSION_IDLE_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(600);
/// How far the clocks of those who issue and those who verify may be apart.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub name: Name,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub tenant: TenantId,
    pub email: Email,
    pub name: Name,
    pub role: Role,
    /// In PHC string format.
    pub password_hash: Secret,
    /// Sessions that began before it have ended.
    pub password_changed_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

/// A log-in and all the refresh tokens that follow from it: the family that one reuse revokes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub tenant: TenantId,
    pub user: UserId,
    /// SHA-256 of the secret that all of the session's refresh tokens share: proof that a token was once issued here.
    pub family_hash: [u8; 32],
    /// SHA-256 of the changing secret of the only refresh token that is still good.
    pub refresh_hash: [u8; 32],
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub version: u64,
}

impl Session {
    /// Whether the session began before the user's password was changed, and so has ended with it.
    pub fn is_older_than_password(&self, user: &User) -> bool {
        self.created_at < user.password_changed_at
    }

    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A password as given, of 12 to 128 characters. Whether it is a known one is the credentials crate's matter.
#[derive(Debug, Clone)]
pub struct Password(Secret);

impl Password {
    pub const LEN: std::ops::RangeInclusive<usize> = 12..=128;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let length = text.chars().count();
        if length < *Self::LEN.start() {
            return Err(Invalid::new("too_short", format!("must have at least {} characters", Self::LEN.start())));
        }
        if length > *Self::LEN.end() {
            return Err(Invalid::new("too_long", format!("must have at most {} characters", Self::LEN.end())));
        }
        Ok(Self(Secret::new(text)))
    }

    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// How often a password may be tried in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    pub per_account: u32,
    pub per_address: u32,
    pub window: Duration,
}

pub const ATTEMPTS: AttemptLimits =
    AttemptLimits { per_account: 10, per_address: 50, window: Duration::from_secs(15 * 60) };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_lengths_count_characters_not_bytes() {
        let code = |text: &str| Password::parse(text).map(|_| ()).map_err(|invalid| invalid.code);
        assert_eq!(code(&"a".repeat(11)), Err("too_short"));
        assert_eq!(code(&"é".repeat(12)), Ok(()));
        assert_eq!(code(&"é".repeat(128)), Ok(()));
        assert_eq!(code(&"a".repeat(129)), Err("too_long"));
    }
}
