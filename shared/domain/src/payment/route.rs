//! Which provider a payment goes by, where there are two. Providers are kept by name: an operator may exchange the first and
//! the second while payments are under way.

use super::Payment;
use crate::time::Timestamp;

/// Where there are two providers nothing is sent before it is claimed, and each claim is a version of the payment. So of
/// several workers one sends, and a claim takes the right to switch from whoever claimed before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Route {
    /// There was one provider when the payment was made, and it goes by no other.
    #[default]
    Only,
    /// Nothing was sent yet.
    Open,
    /// It was sent to this one, or may have been.
    Claimed(String),
    /// The first could not be reached, so nothing was sent there; it goes by this one for good.
    Switched(String),
}

impl Route {
    /// Whether whoever wants to charge has to claim the payment before.
    pub fn needs_claim(&self) -> bool {
        matches!(self, Self::Open | Self::Claimed(_))
    }

    /// The provider that has it, where that is written down.
    pub fn provider(&self) -> Option<&str> {
        match self {
            Self::Only | Self::Open => None,
            Self::Claimed(name) | Self::Switched(name) => Some(name),
        }
    }
}

impl Payment {
    /// Written before it is sent. One that was claimed before stays where it was: nobody else can know what became of that.
    pub fn claim(&self, provider: &str, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            if payment.route == Route::Open {
                payment.route = Route::Claimed(provider.to_owned());
            }
        })
    }

    /// For whoever claimed it first and knows that nothing was sent: a new try, at another provider.
    pub fn switch(&self, provider: &str, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            payment.route = Route::Switched(provider.to_owned());
            payment.attempt += 1;
        })
    }
}
