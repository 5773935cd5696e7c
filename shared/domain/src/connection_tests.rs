//! Which provider a payment goes by, over all changes.

use super::*;
use proptest::prelude::*;

const MINUTE_MS: i64 = 60_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn stripe(account: &str) -> ProviderAccount {
    ProviderAccount { provider: ProviderName::Stripe, account: account.to_owned() }
}

fn sandbox() -> ProviderAccount {
    ProviderAccount { provider: ProviderName::Sandbox, account: "sandbox".to_owned() }
}

fn keys(mark: u8) -> Option<SealedCredentials> {
    Some(SealedCredentials { api_key: Sealed(vec![mark]), webhook_secret: Sealed(vec![mark, 1]) })
}

fn none() -> Connections {
    Connections::none(TenantId::from_u128(1))
}

fn names(turn: Option<&Turn>) -> (Option<&'static str>, Option<&'static str>) {
    let name = |chosen: &Option<ProviderAccount>| chosen.as_ref().map(|of| of.provider.as_str());
    turn.map_or((None, None), |turn| (name(&turn.first), name(&turn.second)))
}

#[test]
fn a_connection_counts_a_minute_later() {
    let connected = none().connect(stripe("acct_1"), keys(1), Rank::First, at(1_000)).expect("connected");
    assert_eq!(names(connected.turn_of(at(1_000 + MINUTE_MS - 1))), (None, None));
    assert_eq!(names(connected.turn_of(at(1_000 + MINUTE_MS))), (Some("stripe"), None));
    assert_eq!(connected.rank(ProviderName::Stripe), Some((Rank::First, at(1_000 + MINUTE_MS))));
    assert_eq!(connected.version, 1);
}

#[test]
fn other_keys_of_the_account_change_no_turn() {
    let first = none().connect(stripe("acct_1"), keys(1), Rank::First, at(1_000)).expect("connected");
    let again = first.connect(stripe("acct_1"), keys(2), Rank::First, at(9_000)).expect("connected again");
    assert_eq!(again.turns, first.turns);
    let connection = again.of(ProviderName::Stripe).expect("connected");
    assert_eq!((connection.created_at, connection.updated_at), (at(1_000), at(9_000)));
    assert_eq!(connection.credentials, keys(2));
}

#[test]
fn that_a_key_is_refused_is_news_once_and_until_another_comes() {
    let connected = none().connect(stripe("acct_1"), keys(1), Rank::First, at(1_000)).expect("connected");
    let refused_at = |connections: &Connections| connections.of(ProviderName::Stripe).and_then(|it| it.key_refused_at);
    assert_eq!(connected.refuse_key(ProviderName::Stripe, at(999 + MINUTE_MS)), None, "the key before may be meant");
    assert_eq!(connected.refuse_key(ProviderName::Sandbox, at(1_000 + MINUTE_MS)), None, "it is not connected");
    let refused = connected.refuse_key(ProviderName::Stripe, at(1_000 + MINUTE_MS)).expect("news");
    assert_eq!((refused_at(&refused), refused.version), (Some(at(1_000 + MINUTE_MS)), 2));
    assert_eq!((&refused.turns, &refused.connected[0].credentials), (&connected.turns, &keys(1)));
    assert_eq!(refused.refuse_key(ProviderName::Stripe, at(9 * MINUTE_MS)), None, "it is known");
    let again = refused.connect(stripe("acct_1"), keys(2), Rank::First, at(9 * MINUTE_MS)).expect("connected again");
    assert_eq!(refused_at(&again), None);
    assert!(again.refuse_key(ProviderName::Stripe, at(10 * MINUTE_MS)).is_some());
}

#[test]
fn keys_of_another_account_are_refused_until_the_first_is_gone() {
    let first = none().connect(stripe("acct_1"), keys(1), Rank::First, at(0)).expect("connected");
    let refusal = first.connect(stripe("acct_2"), keys(2), Rank::First, at(1)).expect_err("another account");
    assert_eq!(refusal, ConnectionRefusal::OtherAccount);
    let gone = first.disconnect(ProviderName::Stripe, at(MINUTE_MS));
    let other = gone.connect(stripe("acct_2"), keys(2), Rank::First, at(MINUTE_MS)).expect("connected");
    // A payment of the first account finds no connection, and never the second account's.
    let turn = other.turn_of(at(MINUTE_MS)).expect("a turn");
    let of_then = turn.first.as_ref().expect("a first");
    assert_eq!((of_then, other.of_account(of_then)), (&stripe("acct_1"), None));
    let now = other.turn_of(at(3 * MINUTE_MS)).and_then(|turn| turn.first.as_ref()).expect("a first");
    assert!(other.of_account(now).is_some());
}

#[test]
fn a_rank_is_one_provider_s() {
    let first = none().connect(stripe("acct_1"), keys(1), Rank::First, at(0)).expect("connected");
    let both = first.connect(sandbox(), None, Rank::Second, at(0)).expect("connected");
    assert_eq!(names(both.turns.last()), (Some("stripe"), Some("sandbox")));
    let taken = both.connect(sandbox(), None, Rank::First, at(0)).expect("connected");
    assert_eq!(names(taken.turns.last()), (Some("sandbox"), None));
    assert_eq!(taken.rank(ProviderName::Stripe), None, "still connected, for what went by it");
    assert!(taken.of(ProviderName::Stripe).is_some());
}

#[test]
fn a_rank_is_told_with_the_moment_from_which_it_is_held() {
    let first = none().connect(stripe("acct_1"), keys(1), Rank::First, at(0)).expect("connected");
    let later = first.connect(sandbox(), None, Rank::Second, at(5 * MINUTE_MS)).expect("connected");
    assert_eq!(later.rank(ProviderName::Stripe), Some((Rank::First, at(MINUTE_MS))));
    assert_eq!(later.rank(ProviderName::Sandbox), Some((Rank::Second, at(6 * MINUTE_MS))));
}

#[test]
fn what_is_never_connected_is_disconnected_without_a_turn() {
    let still = none().disconnect(ProviderName::Stripe, at(0));
    assert!(still.turns.is_empty() && still.connected.is_empty());
}

#[test]
fn turns_end_somewhere() {
    let mut connections = none();
    let ranks = [Rank::First, Rank::Second];
    for turn in 0..TURNS_MAX {
        connections = connections.connect(sandbox(), None, ranks[turn % 2], at(0)).expect("a turn");
    }
    let refusal = connections.connect(sandbox(), None, Rank::First, at(0)).expect_err("one too many");
    assert_eq!(refusal, ConnectionRefusal::TooManyTurns);
    assert!(connections.connect(sandbox(), None, Rank::Second, at(0)).is_ok(), "no turn is no change of turns");
    let gone = connections.disconnect(ProviderName::Sandbox, at(0));
    assert_eq!((gone.connected.len(), gone.turns.len()), (0, TURNS_MAX), "a key always goes");
}

#[test]
fn keys_have_a_form() {
    for good in ["sk_test_0123456789", "sk_live_0123456789", "rk_live_51Abc-_x+/=89"] {
        assert!(Credentials::stripe_key(good).is_ok(), "{good}");
    }
    let too_long = format!("sk_test_{}", "x".repeat(250));
    for bad in ["", "sk_test_", "pk_test_0123456789", "sk_test_01234567 9", "sk_test_0123456789\n", &too_long] {
        assert_eq!(Credentials::stripe_key(bad).map_err(|invalid| invalid.code), Err("invalid_format"), "{bad}");
    }
    assert!(Credentials::stripe_webhook_secret("whsec_0123456789").is_ok());
    assert!(Credentials::stripe_webhook_secret("sk_test_0123456789").is_err());
}

proptest! {
    /// Whatever is changed, and by whichever clock: who asks later of a payment that was made before the change counts is
    /// told what was told before.
    #[test]
    fn a_change_never_changes_the_past(changes in prop::collection::vec((0..2_u8, 0..3_u8, -5_000..5_000_i64), 1..40)) {
        let mut connections = none();
        let mut now_ms = 1_000_000;
        for (provider, what, by_ms) in changes {
            let before = connections.clone();
            now_ms += by_ms;
            let of = if provider == 0 { sandbox() } else { stripe("acct_1") };
            connections = match what {
                0 => connections.connect(of, None, Rank::First, at(now_ms)),
                1 => connections.connect(of, None, Rank::Second, at(now_ms)),
                _ => Ok(connections.disconnect(of.provider, at(now_ms))),
            }.expect("few turns");
            let counts_at = now_ms + MINUTE_MS;
            for made_ms in [0, now_ms - MINUTE_MS, now_ms, counts_at - 1] {
                prop_assert_eq!(connections.turn_of(at(made_ms)), before.turn_of(at(made_ms)));
            }
            let in_order = connections.turns.windows(2).all(|pair| pair[0].since < pair[1].since);
            prop_assert!(in_order);
            prop_assert!(connections.turns.iter().all(|turn| turn.first.is_none() || turn.first != turn.second));
        }
    }
}
