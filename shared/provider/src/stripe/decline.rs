//! Stripe's reasons for a declined payment, in our words. The codes and what Stripe advises after each are those of
//! <https://docs.stripe.com/declines/codes>; a card error that has no decline code has an error code instead
//! (<https://docs.stripe.com/error-codes>).

use domain::payment::DeclineCode;

/// One that is not in the table is `Other`: declined, by a code that came after this was written.
pub(super) fn code(theirs: &str) -> DeclineCode {
    TABLE.iter().find(|(_, codes)| codes.contains(&theirs)).map_or(DeclineCode::Other, |(ours, _)| *ours)
}

/// `card_declined` stands beside a decline code and says nothing of its own.
pub(super) const TABLE: [(DeclineCode, &[&str]); 13] = [
    (
        DeclineCode::InsufficientFunds,
        &["insufficient_funds", "card_velocity_exceeded", "withdrawal_count_limit_exceeded"],
    ),
    // Stripe asks to show `fraudulent` and `merchant_blacklist` to nobody.
    (
        DeclineCode::DoNotHonor,
        &[
            "do_not_honor",
            "generic_decline",
            "call_issuer",
            "no_action_taken",
            "security_violation",
            "fraudulent",
            "merchant_blacklist",
        ],
    ),
    (DeclineCode::ExpiredCard, &["expired_card"]),
    (DeclineCode::IncorrectCvc, &["incorrect_cvc", "invalid_cvc"]),
    (
        DeclineCode::IncorrectDetails,
        &[
            "incorrect_number",
            "invalid_number",
            "invalid_expiry_month",
            "invalid_expiry_year",
            "incorrect_zip",
            "incorrect_address",
            "invalid_account",
            "new_account_information_available",
        ],
    ),
    (
        DeclineCode::CardNotSupported,
        &[
            "card_not_supported",
            "not_permitted",
            "service_not_allowed",
            "transaction_not_allowed",
            "testmode_decline",
            "incorrect_pin",
            "invalid_pin",
            "offline_pin_required",
            "online_or_offline_pin_required",
            "pin_try_exceeded",
        ],
    ),
    (DeclineCode::CurrencyNotSupported, &["currency_not_supported"]),
    (DeclineCode::InvalidAmount, &["invalid_amount", "amount_too_small", "amount_too_large", "invalid_charge_amount"]),
    (
        DeclineCode::AuthenticationRequired,
        &[
            "authentication_required",
            "authentication_not_handled",
            "mobile_device_authentication_required",
            "payment_intent_authentication_failure",
        ],
    ),
    (DeclineCode::LostOrStolen, &["lost_card", "stolen_card", "pickup_card", "restricted_card"]),
    (
        DeclineCode::DoNotRetry,
        &[
            "do_not_try_again",
            "stop_payment_order",
            "revocation_of_authorization",
            "revocation_of_all_authorizations",
            "duplicate_transaction",
        ],
    ),
    (
        DeclineCode::ProcessingError,
        &["processing_error", "issuer_not_available", "reenter_transaction", "try_again_later", "approve_with_id"],
    ),
    (DeclineCode::InvalidToken, &["payment_method_unactivated", "token_already_used"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_one_meaning() {
        let codes: Vec<&str> = TABLE.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        assert_eq!(BTreeSet::from_iter(&codes).len(), codes.len(), "a code is in the table twice");
    }

    /// B10: the page is the other half of the table, written by hand, so that neither changes alone.
    #[test]
    fn the_page_of_providers_says_the_same() {
        let page = include_str!("../../../../docs/PROVIDERS.md");
        for (ours, codes) in TABLE {
            let codes: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
            let row = format!("| `{}` | {} |", ours.as_str(), codes.join(", "));
            assert!(page.contains(&row), "docs/PROVIDERS.md, Declines: its row has to be: {row}");
        }
    }

    /// By Stripe's advice: what "try again" may help is retryable, what needs another card or other details is not.
    #[test]
    fn what_may_be_tried_again() {
        for (theirs, retryable) in [
            ("insufficient_funds", true),
            ("do_not_honor", true),
            ("generic_decline", true),
            ("authentication_required", true),
            ("processing_error", true),
            ("issuer_not_available", true),
            ("a_code_of_tomorrow", true),
            ("expired_card", false),
            ("incorrect_cvc", false),
            ("card_not_supported", false),
            ("currency_not_supported", false),
            ("stolen_card", false),
            ("stop_payment_order", false),
            ("do_not_try_again", false),
        ] {
            assert_eq!(code(theirs).retryable(), retryable, "{theirs}");
        }
    }

    /// Nothing that Stripe wants kept from the customer is in what a shop may show.
    #[test]
    fn the_customer_is_told_no_suspicion() {
        for theirs in ["fraudulent", "merchant_blacklist", "lost_card", "stolen_card", "pickup_card"] {
            assert_eq!(code(theirs).message(), DeclineCode::DoNotHonor.message(), "{theirs}");
        }
    }
}
