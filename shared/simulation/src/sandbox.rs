//! The provider's test tokens and what each comes to, as DESIGN names them.

/// A token, whether it takes the money in the end, and the decline it gives else.
pub const TOKENS: [(&str, Option<&str>); 8] = [
    ("tok_success", None),
    ("tok_declined_insufficient_funds", Some("insufficient_funds")),
    ("tok_declined_do_not_honor", Some("do_not_honor")),
    ("tok_declined_expired_card", Some("expired_card")),
    ("tok_requires_action", Some("authentication_expired")),
    ("tok_dispute", None),
    ("tok_timeout", None),
    ("tok_flaky", None),
];
