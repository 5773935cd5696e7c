//! The breaker, the pace and the lease.

use proptest::prelude::*;

use super::*;
use crate::turn::LEASE;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

fn after_failures(count: u32) -> Health {
    (0..count).fold(Health::new(NOW), |health, _| health.failed(Request::Usual, NOW, 0).unwrap_or(health))
}

fn after_probes(count: u32, random: u128) -> Health {
    let probe = |health: Health, _| health.failed(Request::Probe, NOW, random).expect("a probe counts");
    (0..count).fold(after_failures(FAILURES_UNTIL_OPEN), probe)
}

#[test]
fn the_breaker_opens_at_the_fifth_failure_and_doubles_at_each_probe() {
    for (failures, probes, open_for) in [
        (0, 0, None),
        (4, 0, None),
        (5, 0, Some(30)),
        // Under way when it opened.
        (40, 0, Some(30)),
        (5, 1, Some(60)),
        (5, 2, Some(120)),
        (5, 4, Some(480)),
        (5, 5, Some(600)),
        (5, 40, Some(600)),
    ] {
        let health = if probes == 0 { after_failures(failures) } else { after_probes(probes, 0) };
        let until = open_for.map(|seconds| NOW.plus(Duration::from_secs(seconds)));
        assert_eq!(health.open_until, until, "{failures} failures, {probes} probes");
        assert_eq!(health.readiness(NOW), until.map_or(Readiness::Ready, Readiness::HeldUntil));
        assert_eq!(health.failures, failures.min(FAILURES_UNTIL_OPEN) + probes);
    }
}

#[test]
fn when_its_time_is_over_one_probes_and_the_others_wait() {
    let open = after_failures(5);
    let later = NOW.plus(Duration::from_secs(30));
    assert_eq!(open.readiness(later), Readiness::Probe);
    let probing = open.probing(later);
    assert_eq!(probing.readiness(later), Readiness::HeldUntil(later.plus(PROBE_TAKES)));
    assert_eq!(probing.readiness(later.plus(PROBE_TAKES)), Readiness::Probe, "a probe that died");
    assert_eq!(probing.failed(Request::Usual, later, 0), None, "another's failure is not the probe's");
    let once_more = probing.failed(Request::Probe, later, 0).expect("a probe counts");
    assert_eq!(once_more.open_until, Some(later.plus(Duration::from_secs(60))));
    let closed = probing.succeeded().expect("something new");
    assert_eq!((closed.readiness(later), closed.failures, closed.failing_since), (Readiness::Ready, 0, None));
    assert_eq!(closed.succeeded(), None, "a success of a healthy endpoint writes nothing");
}

#[test]
fn given_up_after_five_days_without_a_success() {
    let later = NOW.plus(Duration::from_secs(3_600));
    let health = after_failures(1).failed(Request::Usual, later, 0).expect("it counts");
    assert_eq!(health.failing_since, Some(NOW));
    assert!(!health.is_given_up(NOW.plus(GIVEN_UP_AFTER).minus(Duration::from_millis(1))));
    assert!(health.is_given_up(NOW.plus(GIVEN_UP_AFTER)));
    assert!(!Health::new(NOW).is_given_up(NOW.plus(GIVEN_UP_AFTER)));
}

#[test]
fn a_lease_ends_by_itself_and_what_was_sent_never_goes_back() {
    let health = Health::new(NOW);
    let leased = health.turned(health.turn.asked_for_more()).turned(Turn::taken(NOW));
    assert!(leased.turn.is_leased(NOW) && !leased.turn.wanted);
    assert!(!leased.turn.is_leased(NOW.plus(LEASE)));
    let (early, late) =
        (EventId::floor_at(NOW.plus(Duration::from_secs(1))), EventId::floor_at(NOW.plus(Duration::from_secs(2))));
    let sent = leased.sent(late, NOW).sent(early, NOW);
    assert_eq!(sent.sent_up_to, late);
    assert!(!sent.turned(Turn::FREE).turn.is_leased(NOW));
    let left = |passed| leased.left(Turn::FREE, passed).left(Turn::FREE, Some(early)).sent_up_to;
    assert_eq!([left(None), left(Some(late))], [early, late]);
}

#[test]
fn replays_of_many_events_take_turns() {
    let [first, second] = [1, 2].map(EventId::from_u128);
    let busy = Health::new(NOW).replays(first, NOW).expect("its turn");
    assert!(busy.is_replaying(NOW) && busy.replays(first, NOW).is_some(), "its next page");
    assert_eq!(busy.replays(second, NOW), None);
    assert_eq!(busy.replayed(second), None, "not its to end");
    assert!(busy.replayed(first).is_some_and(|free| !free.is_replaying(NOW)));
    let later = NOW.plus(REPLAY_PAGE_TAKES);
    assert!(!busy.is_replaying(later) && busy.replays(second, later).is_some(), "the first has died");
}

proptest! {
    /// In no second do more than a burst and one second's share go out, and nothing waits longer than it has to.
    #[test]
    fn no_more_than_the_rate(rate in 1..20_u32, steps in prop::collection::vec(0..400_u64, 1..200)) {
        let limit = RatePerSecond::new(i64::from(rate)).expect("valid");
        let (mut health, mut now, mut places) = (Health::new(NOW), NOW, Vec::new());
        for step in steps {
            now = now.plus(Duration::from_millis(step));
            let (next, at) = health.paced(limit, now);
            prop_assert!(at >= now && places.last().is_none_or(|last| *last <= at), "in order");
            health = next;
            places.push(at);
        }
        for (index, first) in places.iter().enumerate() {
            let within = places[index..].iter().filter(|at| at.since(*first) < Duration::from_secs(1)).count();
            prop_assert!(within <= 2 * rate as usize, "{} of {}", within, rate);
        }
        let count = u64::try_from(places.len()).expect("few");
        let bound = Duration::from_millis(1_000 * count / u64::from(rate) + 1_000);
        prop_assert!(places.iter().all(|at| at.since(NOW) <= now.since(NOW) + bound));
    }

    #[test]
    fn an_open_breaker_is_never_open_for_longer_than_its_bound(probes in 0..200_u32, random: u128) {
        let bound = OPEN_MAX + OPEN_MAX / 5;
        prop_assert!(after_probes(probes, random).open_until.is_some_and(|until| until.since(NOW) <= bound));
    }
}
