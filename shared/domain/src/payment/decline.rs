//! Why money was not taken, in our words, whatever the provider's are.

/// Why a provider refused, in our words whatever the provider's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclineCode {
    InsufficientFunds,
    DoNotHonor,
    ExpiredCard,
    InvalidToken,
    AuthenticationExpired,
    /// Nobody captured it in time, or the bank withdrew its word.
    AuthorizationExpired,
    /// A code of the provider that this version does not know.
    Other,
}

impl DeclineCode {
    pub const ALL: [Self; 7] = [
        Self::InsufficientFunds,
        Self::DoNotHonor,
        Self::ExpiredCard,
        Self::InvalidToken,
        Self::AuthenticationExpired,
        Self::AuthorizationExpired,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::DoNotHonor => "do_not_honor",
            Self::ExpiredCard => "expired_card",
            Self::InvalidToken => "invalid_token",
            Self::AuthenticationExpired => "authentication_expired",
            Self::AuthorizationExpired => "authorization_expired",
            Self::Other => "declined",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// What a shop may show its customer.
    pub fn message(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "The card or wallet has insufficient funds.",
            Self::DoNotHonor => "The bank that issued the card declined the payment.",
            Self::ExpiredCard => "The card has expired.",
            Self::InvalidToken => "The payment provider does not know this card.",
            Self::AuthenticationExpired => "The customer did not confirm the payment in time.",
            Self::AuthorizationExpired => "The authorised amount was not captured in time.",
            Self::Other => "The payment was declined.",
        }
    }

    /// Whether the same method may work later; a final decline needs another one.
    pub fn retryable(self) -> bool {
        match self {
            Self::InsufficientFunds
            | Self::DoNotHonor
            | Self::AuthenticationExpired
            | Self::AuthorizationExpired
            | Self::Other => true,
            Self::ExpiredCard | Self::InvalidToken => false,
        }
    }
}
