//! Rotations, changes and what begins anew.

use super::*;
use crate::webhook::{Reach, Request};

fn secret(byte: u8) -> NewSecret {
    NewSecret { signature: Signature::Hmac, sealed: Sealed(vec![byte]), public_key: None }
}

fn endpoint() -> Endpoint {
    let input = NewEndpoint {
        url: WebhookUrl::parse("https://shop.example/hooks", Reach::Public).expect("valid"),
        types: TypeFilter::default(),
        ordered: false,
        rate_per_second: None,
        description: None,
    };
    Endpoint::new(WebhookEndpointId::from_u128(1), TenantId::from_u128(2), input, secret(1), Timestamp::from_ms(0))
}

fn signing(endpoint: &Endpoint, at: Timestamp) -> Vec<u8> {
    endpoint.secrets_at(at).map(|secret| secret.sealed.0[0]).collect()
}

#[test]
fn after_a_rotation_two_secrets_sign_for_a_day() {
    let now = Timestamp::from_ms(1_000);
    let rotated = endpoint().rotate(secret(2), now);
    let just_before = now.plus(SECRET_OVERLAP).minus(Duration::from_millis(1));
    assert_eq!(signing(&endpoint(), now), [1]);
    assert_eq!(signing(&rotated, now), [2, 1]);
    assert_eq!(signing(&rotated, just_before), [2, 1]);
    assert_eq!(signing(&rotated, now.plus(SECRET_OVERLAP)), [2]);
    assert_eq!(signing(&rotated.rotate(secret(3), now), now), [3, 2], "never more than two");
    assert_eq!(rotated.version, 2);
}

#[test]
fn what_is_absent_from_a_change_stays() {
    let now = Timestamp::from_ms(1_000);
    let before = endpoint();
    let same = before.change(EndpointChange::default(), now);
    assert_eq!(Endpoint { updated_at: before.updated_at, version: 1, ..same }, before);
    let rate = RatePerSecond::new(5).expect("valid");
    let limited = before.change(EndpointChange { rate_per_second: Some(Some(rate)), ..EndpointChange::default() }, now);
    assert_eq!(limited.rate_per_second, Some(rate));
    let free = limited.change(EndpointChange { rate_per_second: Some(None), ..EndpointChange::default() }, now);
    assert_eq!(free.rate_per_second, None);
}

#[test]
fn who_disabled_it_is_kept_until_it_is_enabled() {
    let now = Timestamp::from_ms(1_000);
    let enabled = |enabled| EndpointChange { enabled: Some(enabled), ..EndpointChange::default() };
    for (before, change, expected) in [
        (endpoint(), false, EndpointStatus::Disabled(DisabledReason::Requested)),
        (endpoint(), true, EndpointStatus::Enabled),
        (endpoint().disable(DisabledReason::Gone, now), false, EndpointStatus::Disabled(DisabledReason::Gone)),
        (endpoint().disable(DisabledReason::Gone, now), true, EndpointStatus::Enabled),
    ] {
        assert_eq!(before.change(enabled(change), now).status, expected, "{:?} to {change}", before.status);
    }
}

#[test]
fn one_that_is_enabled_again_or_ordered_from_now_on_begins_anew() {
    let now = Timestamp::from_ms(1_000);
    let health = endpoint().health.failed(Request::Usual, now, 0).expect("it counts");
    let failing = Endpoint { health, ..endpoint() };
    let disabled = failing.disable(DisabledReason::Failing, now);
    let enable = EndpointChange { enabled: Some(true), ..EndpointChange::default() };
    let order = EndpointChange { ordered: Some(true), ..EndpointChange::default() };
    let url = |text| EndpointChange { url: WebhookUrl::parse(text, Reach::Public).ok(), ..EndpointChange::default() };
    let moved = failing.change(url("https://new.example/"), now).health;
    assert_eq!((moved.failures, moved.failing_since, moved.sent_up_to), (0, None, failing.health.sent_up_to));
    assert_eq!(failing.change(url("https://shop.example/hooks"), now).health, failing.health, "where it is already");
    for (before, change, begins_anew) in [
        (&disabled, &enable, true),
        (&failing, &enable, false),
        (&failing, &order, true),
        (&Endpoint { ordered: true, ..failing.clone() }, &order, false),
        (&failing, &EndpointChange::default(), false),
    ] {
        let after = before.change(change.clone(), now);
        let expected = if begins_anew { before.health.begun_again(now) } else { before.health.clone() };
        assert_eq!(after.health, expected, "{change:?}");
    }
    assert_eq!(failing.health.begun_again(now).failures, 0);
}

#[test]
fn rates() {
    for (rate, is_good) in [(0, false), (1, true), (1_000, true), (1_001, false), (-1, false), (i64::MAX, false)] {
        assert_eq!(RatePerSecond::new(rate).is_ok(), is_good, "{rate}");
    }
}
