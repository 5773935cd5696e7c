//! Why money was not taken, in our words, whatever the provider's are.

/// Why a provider refused, in our words whatever the provider's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclineCode {
    InsufficientFunds,
    DoNotHonor,
    ExpiredCard,
    IncorrectCvc,
    /// A number, date, address or account that the bank does not know so.
    IncorrectDetails,
    InvalidToken,
    CardNotSupported,
    CurrencyNotSupported,
    /// Too small, too large, or not a whole number of what the provider counts in.
    InvalidAmount,
    /// The customer has to be there and confirm.
    AuthenticationRequired,
    AuthenticationExpired,
    /// Nobody captured it in time, or the bank withdrew its word.
    AuthorizationExpired,
    /// For the merchant alone: the customer is told what every declined one is.
    LostOrStolen,
    /// The bank or the customer wants it never tried again.
    DoNotRetry,
    /// The bank or the network did not work.
    ProcessingError,
    /// The merchant has connected no provider, and the stack has no sandbox.
    NoProvider,
    /// A code of the provider that this version does not know.
    Other,
}

impl DeclineCode {
    pub const ALL: [Self; 17] = [
        Self::InsufficientFunds,
        Self::DoNotHonor,
        Self::ExpiredCard,
        Self::IncorrectCvc,
        Self::IncorrectDetails,
        Self::InvalidToken,
        Self::CardNotSupported,
        Self::CurrencyNotSupported,
        Self::InvalidAmount,
        Self::AuthenticationRequired,
        Self::AuthenticationExpired,
        Self::AuthorizationExpired,
        Self::LostOrStolen,
        Self::DoNotRetry,
        Self::ProcessingError,
        Self::NoProvider,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::DoNotHonor => "do_not_honor",
            Self::ExpiredCard => "expired_card",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::IncorrectDetails => "incorrect_details",
            Self::InvalidToken => "invalid_token",
            Self::CardNotSupported => "card_not_supported",
            Self::CurrencyNotSupported => "currency_not_supported",
            Self::InvalidAmount => "invalid_amount",
            Self::AuthenticationRequired => "authentication_required",
            Self::AuthenticationExpired => "authentication_expired",
            Self::AuthorizationExpired => "authorization_expired",
            Self::LostOrStolen => "lost_or_stolen",
            Self::DoNotRetry => "do_not_retry",
            Self::ProcessingError => "processing_error",
            Self::NoProvider => "no_provider",
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
            Self::DoNotHonor | Self::LostOrStolen | Self::DoNotRetry => {
                "The bank that issued the card declined the payment."
            }
            Self::ExpiredCard => "The card has expired.",
            Self::IncorrectCvc => "The card's security code is not right.",
            Self::IncorrectDetails => "The card's details are not right.",
            Self::InvalidToken => "The payment provider does not know this card.",
            Self::CardNotSupported => "The card does not support payments of this kind.",
            Self::CurrencyNotSupported => "The card or the payment provider does not support the currency.",
            Self::InvalidAmount => "The card or the payment provider does not take this amount.",
            Self::AuthenticationRequired => "The bank wants the customer to confirm the payment.",
            Self::AuthenticationExpired => "The customer did not confirm the payment in time.",
            Self::AuthorizationExpired => "The authorised amount was not captured in time.",
            Self::ProcessingError => "The bank could not process the payment.",
            Self::NoProvider => "The merchant takes no cards at the moment.",
            Self::Other => "The payment was declined.",
        }
    }

    /// Whether the same method may work later; a final decline needs another one.
    pub fn retryable(self) -> bool {
        match self {
            Self::InsufficientFunds
            | Self::DoNotHonor
            | Self::AuthenticationRequired
            | Self::AuthenticationExpired
            | Self::AuthorizationExpired
            | Self::ProcessingError
            | Self::NoProvider
            | Self::Other => true,
            Self::ExpiredCard
            | Self::IncorrectCvc
            | Self::IncorrectDetails
            | Self::InvalidToken
            | Self::CardNotSupported
            | Self::CurrencyNotSupported
            | Self::InvalidAmount
            | Self::LostOrStolen
            | Self::DoNotRetry => false,
        }
    }
}
