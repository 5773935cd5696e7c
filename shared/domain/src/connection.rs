//! A tenant's accounts with payment providers, and by which of them its payments go from when on. A payment goes by those
//! whose turn it was when it was made, whatever is changed later: nothing of that is written on the payment, and whoever
//! works on it comes to the same.

use std::str::FromStr;
use std::time::Duration;

use crate::field::Invalid;
use crate::ids::TenantId;
use crate::payment::Payment;
use crate::secret::{Sealed, Secret};
use crate::time::Timestamp;

/// From when on a change counts. A payment made after that is one whose worker reads the change: this is longer than the
/// clocks of two functions are apart together with the time that writing takes.
pub const COUNTS_AFTER: Duration = Duration::from_secs(60);
/// All turns are kept, for the payments that were made in them. They and the keys are one item of the table.
pub const TURNS_MAX: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderName {
    Sandbox,
    Stripe,
}

impl ProviderName {
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Stripe];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Stripe => "stripe",
        }
    }
}

impl FromStr for ProviderName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|name| name.as_str() == text);
        known.ok_or_else(|| Invalid::new("unknown_value", "must be sandbox or stripe"))
    }
}

/// The second is gone to when the first cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    First,
    Second,
}

impl Rank {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        [Self::First, Self::Second]
            .into_iter()
            .find(|rank| rank.as_str() == text)
            .ok_or_else(|| Invalid::new("unknown_value", "must be first or second"))
    }
}

/// What a tenant hands over to let payments go by its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub api_key: Secret,
    /// What the provider signs with when it tells something.
    pub webhook_secret: Secret,
}

impl Credentials {
    /// Stripe's secret or restricted key (<https://docs.stripe.com/keys>), which a header can carry.
    pub fn stripe_key(text: &str) -> Result<Secret, Invalid> {
        let kinds = ["sk_test_", "sk_live_", "rk_test_", "rk_live_"];
        secret_of(text, &kinds, "must be a secret or restricted key of Stripe's: sk_... or rk_...")
    }

    /// Of an account's test mode, which moves no money.
    pub fn is_test(key: &Secret) -> bool {
        key.reveal().contains("k_test_")
    }

    /// The signing secret of a webhook endpoint of Stripe's (<https://docs.stripe.com/webhooks/signature>).
    pub fn stripe_webhook_secret(text: &str) -> Result<Secret, Invalid> {
        secret_of(text, &["whsec_"], "must be the signing secret of a webhook endpoint: whsec_...")
    }
}

fn secret_of(text: &str, beginnings: &[&str], detail: &str) -> Result<Secret, Invalid> {
    const LEN: std::ops::RangeInclusive<usize> = 16..=255;
    let begins_well = beginnings.iter().any(|beginning| text.starts_with(beginning));
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/=".contains(&byte));
    if begins_well && is_plain && LEN.contains(&text.len()) {
        return Ok(Secret::new(text));
    }
    Err(Invalid::new("invalid_format", detail))
}

/// Credentials as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCredentials {
    pub api_key: Sealed,
    pub webhook_secret: Sealed,
}

/// An account with a provider, by the provider's name for it: two keys of one account see the same charges, those of two do
/// not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAccount {
    pub provider: ProviderName,
    pub account: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub of: ProviderAccount,
    /// None of the sandbox's, which has the stack's own.
    pub credentials: Option<SealedCredentials>,
    /// When the provider was seen to take the key no more; none from when another comes.
    pub key_refused_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// By which accounts payments go that are made from `since` on. Without a first they go by the sandbox, where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub since: Timestamp,
    pub first: Option<ProviderAccount>,
    pub second: Option<ProviderAccount>,
}

/// All of a tenant's: what is changed of one changes the others' ranks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    pub tenant: TenantId,
    pub connected: Vec<Connection>,
    /// Oldest first.
    pub turns: Vec<Turn>,
    pub version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    #[error("the key is of another account than the one that is connected: disconnect that first")]
    OtherAccount,
    #[error("the providers have been changed {TURNS_MAX} times")]
    TooManyTurns,
}

impl Connections {
    pub fn none(tenant: TenantId) -> Self {
        Self { tenant, connected: Vec::new(), turns: Vec::new(), version: 0 }
    }

    pub fn of(&self, provider: ProviderName) -> Option<&Connection> {
        self.connected.iter().find(|connection| connection.of.provider == provider)
    }

    /// The connection of an account, unless it was disconnected since.
    pub fn of_account(&self, account: &ProviderAccount) -> Option<&Connection> {
        self.connected.iter().find(|connection| connection.of == *account)
    }

    /// By which accounts a payment goes that was made at a moment.
    pub fn turn_of(&self, made_at: Timestamp) -> Option<&Turn> {
        self.turns.iter().rev().find(|turn| turn.since <= made_at)
    }

    /// The provider that a payment went or goes by: written on it, or the first of its turn.
    pub fn provider_of(&self, payment: &Payment) -> ProviderName {
        let first = self.turn_of(payment.created_at).and_then(|turn| turn.first.as_ref());
        payment.route.provider().or(first.map(|of| of.provider)).unwrap_or(ProviderName::Sandbox)
    }

    /// The rank that a provider has or, for a minute after a change, is about to have; and from when on.
    pub fn rank(&self, provider: ProviderName) -> Option<(Rank, Timestamp)> {
        let is = |chosen: &Option<ProviderAccount>| chosen.as_ref().is_some_and(|of| of.provider == provider);
        let rank_in = |turn: &Turn| match turn {
            Turn { first, .. } if is(first) => Some(Rank::First),
            Turn { second, .. } if is(second) => Some(Rank::Second),
            Turn { .. } => None,
        };
        let rank = rank_in(self.turns.last()?)?;
        let since = self.turns.iter().rev().take_while(|turn| rank_in(turn) == Some(rank)).last()?.since;
        Some((rank, since))
    }

    /// Connects an account, or gives the one that is connected other keys or another rank. Whoever had the rank loses it.
    pub fn connect(
        &self,
        of: ProviderAccount,
        credentials: Option<SealedCredentials>,
        rank: Rank,
        now: Timestamp,
    ) -> Result<Self, ConnectionRefusal> {
        let known = self.of(of.provider);
        if known.is_some_and(|known| known.of != of) {
            return Err(ConnectionRefusal::OtherAccount);
        }
        let created_at = known.map_or(now, |known| known.created_at);
        let connection = Connection { of: of.clone(), credentials, key_refused_at: None, created_at, updated_at: now };
        let (mut first, mut second) = self.without(of.provider);
        match rank {
            Rank::First => first = Some(of.clone()),
            Rank::Second => second = Some(of.clone()),
        }
        let others = self.connected.iter().filter(|other| other.of.provider != of.provider).cloned();
        let connected = others.chain([connection]).collect();
        self.changed(connected, first, second, now)
    }

    /// The keys are gone with it: what is under way by the account, and its refunds, have to wait until it is connected
    /// again.
    #[must_use]
    pub fn disconnect(&self, provider: ProviderName, now: Timestamp) -> Self {
        let connected: Vec<_> = self.connected.iter().filter(|other| other.of.provider != provider).cloned().collect();
        let (first, second) = self.without(provider);
        // A key goes whatever there is no room for: without it, nothing goes by the account any more.
        self.changed(connected.clone(), first, second, now).unwrap_or_else(|_full| Self {
            connected,
            version: self.version + 1,
            ..self.clone()
        })
    }

    /// The provider takes an account's key no more, as one that was revoked. None where that is known, and of a key that came
    /// a moment ago: that one was tried, and the refusal may be of the one before.
    pub fn refuse_key(&self, provider: ProviderName, now: Timestamp) -> Option<Self> {
        let mut next = Self { version: self.version + 1, ..self.clone() };
        let refused = next.connected.iter_mut().find(|connection| connection.of.provider == provider)?;
        let is_news = refused.key_refused_at.is_none() && refused.updated_at.plus(COUNTS_AFTER) <= now;
        refused.key_refused_at = Some(now);
        is_news.then_some(next)
    }

    fn without(&self, provider: ProviderName) -> (Option<ProviderAccount>, Option<ProviderAccount>) {
        let other = |chosen: &Option<ProviderAccount>| chosen.clone().filter(|of| of.provider != provider);
        self.turns.last().map_or((None, None), |turn| (other(&turn.first), other(&turn.second)))
    }

    fn changed(
        &self,
        connected: Vec<Connection>,
        first: Option<ProviderAccount>,
        second: Option<ProviderAccount>,
        now: Timestamp,
    ) -> Result<Self, ConnectionRefusal> {
        let mut turns = self.turns.clone();
        let is_as_before = match turns.last() {
            Some(turn) => (&turn.first, &turn.second) == (&first, &second),
            None => first.is_none() && second.is_none(),
        };
        if !is_as_before {
            if turns.len() >= TURNS_MAX {
                return Err(ConnectionRefusal::TooManyTurns);
            }
            // Turns follow each other, whatever the clocks say.
            let after_last = turns.last().map(|turn| turn.since.plus(Duration::from_millis(1)));
            let since = after_last.map_or(now.plus(COUNTS_AFTER), |after| after.max(now.plus(COUNTS_AFTER)));
            turns.push(Turn { since, first, second });
        }
        Ok(Self { tenant: self.tenant, connected, turns, version: self.version + 1 })
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
