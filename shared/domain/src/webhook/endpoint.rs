//! An endpoint: where a tenant wants its events sent, which of them, and the secrets they are signed with.

use std::time::Duration;

use super::health::Health;
use super::types::TypeFilter;
use super::url::WebhookUrl;
use crate::field::Invalid;
use crate::ids::{TenantId, WebhookEndpointId};
use crate::secret::Sealed;
use crate::text::Description;
use crate::time::Timestamp;
use crate::words::words;

/// How many endpoints a tenant has at most: each event is a read of all of them.
pub const ENDPOINTS_MAX: usize = 100;
/// How long the secret before a rotation still signs, beside the new one.
pub const SECRET_OVERLAP: Duration = Duration::from_secs(24 * 60 * 60);

words! {
    DisabledReason:
    /// By the tenant.
    Requested = "requested",
    /// The receiver answered 410.
    Gone = "gone",
    /// Nothing got through for days.
    Failing = "failing",
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointStatus {
    Enabled,
    Disabled(DisabledReason),
}

impl EndpointStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled(_) => "disabled",
        }
    }

    pub fn reason(self) -> Option<DisabledReason> {
        match self {
            Self::Enabled => None,
            Self::Disabled(reason) => Some(reason),
        }
    }
}

words! {
    /// How requests are signed: with a secret that both sides have, or with a key that only we have.
    Signature:
    Hmac = "hmac",
    Ed25519 = "ed25519",
}

/// A secret as it is kept. Who signs has it opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecret {
    pub signature: Signature,
    pub sealed: Sealed,
    /// What an ed25519 signature is verified with: `whpk_...`.
    pub public_key: Option<String>,
    /// From when on it does not sign any more; none for the present one.
    pub expires_at: Option<Timestamp>,
}

/// A secret before it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    pub signature: Signature,
    pub sealed: Sealed,
    pub public_key: Option<String>,
}

/// How many requests a second an endpoint takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatePerSecond(u32);

impl RatePerSecond {
    pub const MAX: u32 = 1_000;

    pub fn new(rate: i64) -> Result<Self, Invalid> {
        let rate = u32::try_from(rate).ok().filter(|rate| (1..=Self::MAX).contains(rate));
        let detail = || format!("must be a whole number from 1 to {}", Self::MAX);
        rate.map(Self).ok_or_else(|| Invalid::new("out_of_range", detail()))
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: WebhookEndpointId,
    pub tenant: TenantId,
    pub url: WebhookUrl,
    pub types: TypeFilter,
    pub status: EndpointStatus,
    /// Events arrive in the order in which they happened: one that fails holds those after it.
    pub ordered: bool,
    pub rate_per_second: Option<RatePerSecond>,
    pub description: Option<Description>,
    /// The present one first.
    pub secrets: Vec<SigningSecret>,
    /// How it has fared. Changes by itself, without the endpoint's version.
    pub health: Health,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEndpoint {
    pub url: WebhookUrl,
    pub types: TypeFilter,
    pub ordered: bool,
    pub rate_per_second: Option<RatePerSecond>,
    pub description: Option<Description>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointRefusal {
    #[error("the endpoint is disabled: nothing is sent to it before it is enabled")]
    Disabled,
    #[error("a tenant has at most {ENDPOINTS_MAX} webhook endpoints")]
    TooMany,
    #[error("another replay of many events to this endpoint is under way: they are done one after the other")]
    Replaying,
}

/// What a client changes; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointChange {
    pub url: Option<WebhookUrl>,
    pub types: Option<TypeFilter>,
    pub enabled: Option<bool>,
    pub ordered: Option<bool>,
    pub rate_per_second: Option<Option<RatePerSecond>>,
    pub description: Option<Option<Description>>,
}

impl Endpoint {
    pub fn new(id: WebhookEndpointId, tenant: TenantId, input: NewEndpoint, secret: NewSecret, now: Timestamp) -> Self {
        let NewEndpoint { url, types, ordered, rate_per_second, description } = input;
        Self {
            id,
            tenant,
            url,
            types,
            status: EndpointStatus::Enabled,
            ordered,
            rate_per_second,
            description,
            secrets: vec![secret.kept()],
            health: Health::new(now),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    pub fn is_enabled(&self) -> bool {
        self.status == EndpointStatus::Enabled
    }

    /// The secrets that sign at a moment: two in the day after a rotation.
    pub fn secrets_at(&self, now: Timestamp) -> impl Iterator<Item = &SigningSecret> {
        self.secrets.iter().filter(move |secret| secret.expires_at.is_none_or(|expires_at| now < expires_at))
    }

    /// One that is enabled again, or asks for order from now on, begins anew: it is not told of what happened before. One
    /// that moves is taken to be well.
    #[must_use]
    pub fn change(&self, change: EndpointChange, now: Timestamp) -> Self {
        let EndpointChange { url, types, enabled, ordered, rate_per_second, description } = change;
        let status = match enabled {
            Some(true) => EndpointStatus::Enabled,
            Some(false) if self.is_enabled() => EndpointStatus::Disabled(DisabledReason::Requested),
            Some(false) | None => self.status,
        };
        let ordered = ordered.unwrap_or(self.ordered);
        let is_enabled_again = status == EndpointStatus::Enabled && !self.is_enabled();
        let begins_anew = is_enabled_again || (ordered && !self.ordered);
        let moves = url.as_ref().is_some_and(|url| *url != self.url);
        let health = match (begins_anew, moves) {
            (true, _) => self.health.begun_again(now),
            (false, true) => self.health.moved(),
            (false, false) => self.health.clone(),
        };
        Self {
            url: url.unwrap_or_else(|| self.url.clone()),
            types: types.unwrap_or_else(|| self.types.clone()),
            status,
            ordered,
            health,
            rate_per_second: rate_per_second.unwrap_or(self.rate_per_second),
            description: description.unwrap_or_else(|| self.description.clone()),
            ..self.next(now)
        }
    }

    /// It wanted its events in order and does not any more: those that wait behind the first have nobody to send them.
    pub fn gives_up_order(&self, next: &Self) -> bool {
        let is_in_use = self.is_enabled() && next.is_enabled();
        is_in_use && self.ordered && !next.ordered
    }

    #[must_use]
    pub fn disable(&self, reason: DisabledReason, now: Timestamp) -> Self {
        Self { status: EndpointStatus::Disabled(reason), ..self.next(now) }
    }

    /// The new secret signs from now on, the one before it for a day more. One that was on its way out already goes at once:
    /// no request carries more than two signatures.
    #[must_use]
    pub fn rotate(&self, secret: NewSecret, now: Timestamp) -> Self {
        let before = self
            .secrets
            .first()
            .map(|secret| SigningSecret { expires_at: Some(now.plus(SECRET_OVERLAP)), ..secret.clone() });
        Self { secrets: [secret.kept()].into_iter().chain(before).collect(), ..self.next(now) }
    }

    fn next(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }
}

impl NewSecret {
    fn kept(self) -> SigningSecret {
        let Self { signature, sealed, public_key } = self;
        SigningSecret { signature, sealed, public_key, expires_at: None }
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
