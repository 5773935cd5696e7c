//! Every letter is written, says what it must, and what people named cannot become markup or a second header line.

use std::time::Duration;

use contract::World;
use contract::builders;
use domain::connection::ProviderName;
use domain::mail::{AddressHash, Letter, Matter, Unwritable};
use domain::opt_out::{OptOut, OptOutLink, OptOutToken};
use domain::payment::DeclineCode;
use domain::text::Name;
use domain::webhook::DisabledReason;
use ports::clock::Clock;
use proptest::prelude::*;

use super::write;

fn letters(merchant: &Name, to_name: &Name) -> Vec<Letter> {
    let world = World::new(1);
    let (tenant, mint) = (world.tenant(), world.mint());
    let order = builders::order(tenant, mint);
    let payment = builders::captured_payment(tenant, mint);
    let failed = domain::payment::Payment { failure: Some(DeclineCode::ExpiredCard), ..payment.clone() };
    let refund = builders::refund(&payment, mint);
    let dispute = builders::dispute(tenant, mint);
    let silent = domain::dispute::Dispute { respond_by: None, ..dispute.clone() };
    let [gone, failing] = [DisabledReason::Gone, DisabledReason::Failing]
        .map(|reason| builders::endpoint(tenant, mint).disable(reason, world.now()));
    world.advance(Duration::from_secs(1));
    assert!(world.now() > payment.created_at);
    [
        Matter::Receipt { payment, order: order.clone() },
        Matter::Refund { refund, order: order.clone() },
        Matter::PaymentFailed { payment: failed, order },
        Matter::Dispute { dispute },
        Matter::Dispute { dispute: silent },
        Matter::WebhookDisabled { endpoint: gone },
        Matter::WebhookDisabled { endpoint: failing },
        Matter::ProviderKeyRefused { provider: ProviderName::Stripe, refused_at: world.now() },
    ]
    .map(|matter| Letter { merchant: merchant.clone(), to_name: to_name.clone(), matter, opt_out: None })
    .into()
}

#[test]
fn each_says_what_happened_in_text_and_html() -> Result<(), Unwritable> {
    let expected: [(&str, &[&str]); 8] = [
        ("Your receipt from Tea & Co", &["EUR 10.00", "Tea", "7.00", "Cup", "Order total", "Receipt number pay_"]),
        ("Your refund from Tea & Co", &["EUR 3.00", "Refund ref_", "Order ord_"]),
        ("Your payment did not go through: Tea & Co", &["EUR 10.00", "The card has expired.", "Payment pay_"]),
        (
            "A payment is disputed: Tea & Co",
            &["EUR 10.00", "the product was not received", "until 8 January 2100, 00:00 UTC"],
        ),
        ("A payment is disputed: Tea & Co", &["You can answer with evidence."]),
        (
            "A webhook endpoint was disabled: Tea & Co",
            &["hooks.shop.example", "any more: it answered 410", "endpoint whe_"],
        ),
        (
            "A webhook endpoint was disabled: Tea & Co",
            &["hooks.shop.example", "any more: for five days it answered nothing with success", "endpoint whe_"],
        ),
        (
            "Payments wait for a new key: Tea & Co",
            &["payments by Stripe are waiting", "refused the key of your account since 1 January 2100, 00:00 UTC"],
        ),
    ];
    let (merchant, name) = (builders::text("Tea & Co"), builders::text("Zoë <b>"));
    for (letter, (subject, parts)) in letters(&merchant, &name).iter().zip(expected) {
        let written = write(letter)?;
        assert_eq!(written.subject, subject);
        for part in parts {
            assert!(written.text.contains(part), "`{part}` is not in: {}", written.text);
            assert!(written.html.contains(part), "`{part}` is not in: {}", written.html);
        }
        assert!(written.text.contains("Hello Zoë <b>,"));
        assert!(written.html.contains("Hello Zoë &lt;b&gt;,"));
        assert!(written.html.contains("Tea &amp; Co") && written.text.contains("Tea & Co"));
        assert_eq!(write(letter)?, written);
    }
    Ok(())
}

#[test]
fn a_customer_is_shown_how_to_get_no_more() -> Result<(), Unwritable> {
    let of = OptOut { tenant: World::new(1).tenant(), address: AddressHash([1; 32]) };
    let link = OptOutLink::new("https://shop.example/api/v1", OptOutToken { of, signature: [2; 32] });
    let name = builders::text("Tea & Co");
    for letter in letters(&name, &name) {
        let is_to_customer =
            matches!(letter.matter, Matter::Receipt { .. } | Matter::Refund { .. } | Matter::PaymentFailed { .. });
        let written = write(&Letter { opt_out: is_to_customer.then(|| link.clone()), ..letter })?;
        for text in [written.text, written.html.replace("&#x2f;", "/")] {
            assert_eq!(text.contains(link.as_str()), is_to_customer, "{text}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_name_gets_into_the_markup(text in "[ -~äß<>&\"'{}%]{1,60}") {
        let Ok(name) = Name::parse(&text) else { return Ok(()) };
        for letter in letters(&name, &name) {
            let written = write(&letter).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(!written.subject.contains(['\r', '\n']));
            prop_assert!(written.text.contains(name.as_str()));
            let plain = write(&letters(&builders::text("x"), &builders::text("x"))[0]);
            let tags = |html: &str| html.matches('<').count();
            if matches!(letter.matter, Matter::Receipt { .. }) {
                prop_assert_eq!(Ok(tags(&written.html)), plain.map(|plain| tags(&plain.html)));
            }
        }
    }
}
