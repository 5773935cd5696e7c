//! By which provider a payment goes. Where its tenant had one when it was made (`connection.rs`), by that. Where it had two
//! nothing is sent before it is claimed, and each claim is a version of the payment. So of several workers one sends, and a
//! claim takes the right to switch from whoever claimed before.

use super::Payment;
use crate::connection::ProviderName;
use crate::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// Where there are two providers, nothing was sent yet.
    #[default]
    Unclaimed,
    /// It was sent to this one, or may have been.
    Claimed(ProviderName),
    /// The first could not be reached, so nothing was sent there; it goes by this one for good.
    Switched(ProviderName),
}

impl Route {
    /// Whether, where there are two, whoever wants to charge has to claim the payment before.
    pub fn needs_claim(self) -> bool {
        match self {
            Self::Unclaimed | Self::Claimed(_) => true,
            Self::Switched(_) => false,
        }
    }

    /// The provider that has it, where that is written down.
    pub fn provider(self) -> Option<ProviderName> {
        match self {
            Self::Unclaimed => None,
            Self::Claimed(name) | Self::Switched(name) => Some(name),
        }
    }
}

impl Payment {
    /// Written before it is sent. One that was claimed before stays where it was: nobody else can know what became of that.
    pub fn claim(&self, provider: ProviderName, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            if payment.route == Route::Unclaimed {
                payment.route = Route::Claimed(provider);
            }
        })
    }

    /// For whoever claimed it first and knows that nothing was sent: a new try, at another provider.
    pub fn switch(&self, provider: ProviderName, now: Timestamp) -> Self {
        self.changed(now, |payment| {
            payment.route = Route::Switched(provider);
            payment.attempt += 1;
        })
    }
}
