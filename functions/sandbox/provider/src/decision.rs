//! What comes of a token and of a refund: the whole character of the sandbox, pure.

use domain::money::Money;
use domain::payment::DeclineCode;
use sandbox::{Charge, ChargeStatus, RefundRefusal, RefundStatus};

use crate::refusal::Refusal;

/// What a token does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behaviour {
    pub status: ChargeStatus,
    pub disputed: bool,
    /// How many calls with a key fail before anything is charged.
    pub failures: u32,
    /// Whether the first answer comes too late to be heard.
    pub dawdles: bool,
}

impl Behaviour {
    const fn plain(status: ChargeStatus) -> Self {
        Self { status, disputed: false, failures: 0, dawdles: false }
    }
}

pub(crate) fn behaviour(token: &str) -> Behaviour {
    let succeeds = Behaviour::plain(ChargeStatus::Succeeded);
    let declined = |code| Behaviour::plain(ChargeStatus::Declined(code));
    match token {
        "tok_success" => succeeds,
        "tok_declined_insufficient_funds" => declined(DeclineCode::InsufficientFunds),
        "tok_declined_do_not_honor" => declined(DeclineCode::DoNotHonor),
        "tok_declined_expired_card" => declined(DeclineCode::ExpiredCard),
        "tok_requires_action" => Behaviour::plain(ChargeStatus::RequiresAction),
        "tok_dispute" => Behaviour { disputed: true, ..succeeds },
        "tok_timeout" => Behaviour { dawdles: true, ..succeeds },
        "tok_flaky" => Behaviour { failures: 2, ..succeeds },
        _ => declined(DeclineCode::InvalidToken),
    }
}

/// What comes of a refund of the charge as it is. The book has the last word where several are made at once.
pub(crate) fn refund(charge: &Charge, money: Money) -> Result<RefundStatus, Refusal> {
    if money.currency != charge.money.currency {
        return Err(Refusal::new(400, "currency_mismatch", "The currency must be the charge's."));
    }
    if charge.status != ChargeStatus::Succeeded {
        return Ok(RefundStatus::Refused(RefundRefusal::ChargeNotSucceeded));
    }
    if money.amount.get() > charge.refundable() {
        return Ok(RefundStatus::Refused(RefundRefusal::AmountTooLarge));
    }
    Ok(RefundStatus::Succeeded)
}

#[cfg(test)]
mod tests {
    use domain::idempotency::Fingerprint;
    use domain::money::{Amount, Currency};
    use domain::payment::Capture;
    use sandbox::{Beginning, Key};

    use super::*;

    #[test]
    fn tokens() {
        let succeeds = Behaviour::plain(ChargeStatus::Succeeded);
        for (token, expected) in [
            ("tok_success", succeeds),
            (
                "tok_declined_insufficient_funds",
                Behaviour::plain(ChargeStatus::Declined(DeclineCode::InsufficientFunds)),
            ),
            ("tok_declined_do_not_honor", Behaviour::plain(ChargeStatus::Declined(DeclineCode::DoNotHonor))),
            ("tok_declined_expired_card", Behaviour::plain(ChargeStatus::Declined(DeclineCode::ExpiredCard))),
            ("tok_requires_action", Behaviour::plain(ChargeStatus::RequiresAction)),
            ("tok_dispute", Behaviour { disputed: true, ..succeeds }),
            ("tok_timeout", Behaviour { dawdles: true, ..succeeds }),
            ("tok_flaky", Behaviour { failures: 2, ..succeeds }),
            ("tok_of_nobody", Behaviour::plain(ChargeStatus::Declined(DeclineCode::InvalidToken))),
            ("TOK_SUCCESS", Behaviour::plain(ChargeStatus::Declined(DeclineCode::InvalidToken))),
            ("", Behaviour::plain(ChargeStatus::Declined(DeclineCode::InvalidToken))),
        ] {
            assert_eq!(behaviour(token), expected, "{token}");
        }
    }

    #[test]
    fn refunds_in_order_of_refusal() {
        let money = |minor_units, currency| Money {
            amount: Amount::new(minor_units).expect("an amount"),
            currency: Currency::parse(currency).expect("a currency"),
        };
        let charge = |status, refunded| {
            let key = Key::parse("k").expect("a key");
            let (fingerprint, client_reference, disputed) = (Fingerprint([0; 32]), None, false);
            let (money, capture) = (money(1_000, "EUR"), Capture::Automatic);
            let begun = Beginning { key, fingerprint, client_reference, money, capture, status, disputed };
            Charge { refunded, ..Charge::begun(begun) }
        };
        let refused = |why| Ok(RefundStatus::Refused(why));
        for (status, refunded, asked, expected) in [
            (ChargeStatus::RequiresAction, 0, money(2_000, "USD"), Err(())),
            (ChargeStatus::RequiresAction, 0, money(2_000, "EUR"), refused(RefundRefusal::ChargeNotSucceeded)),
            (ChargeStatus::Cancelled, 0, money(1, "EUR"), refused(RefundRefusal::ChargeNotSucceeded)),
            (
                ChargeStatus::Declined(DeclineCode::Other),
                0,
                money(1, "EUR"),
                refused(RefundRefusal::ChargeNotSucceeded),
            ),
            (ChargeStatus::Succeeded, 0, money(1_001, "EUR"), refused(RefundRefusal::AmountTooLarge)),
            (ChargeStatus::Succeeded, 600, money(401, "EUR"), refused(RefundRefusal::AmountTooLarge)),
            (ChargeStatus::Succeeded, 600, money(400, "EUR"), Ok(RefundStatus::Succeeded)),
            (ChargeStatus::Succeeded, 0, money(1_000, "EUR"), Ok(RefundStatus::Succeeded)),
        ] {
            assert_eq!(
                refund(&charge(status, refunded), asked).map_err(|_| ()),
                expected,
                "{status:?} {refunded} {asked:?}"
            );
        }
    }
}
