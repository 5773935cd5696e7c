//! L4: any one call fails while events are pushed to a socket.

use memory::Fault;

use super::Scene;
use super::realtime::{TOKEN, events, order, subscribe};

/// Whether what was pushed may be pushed again: where it had gone out, and that was not heard of or not written down.
fn may_come_again(operations: &str, nth: u64, fault: Fault) -> bool {
    match operations {
        "pusher." => fault == Fault::TimedOutAfter,
        // Those of the tenant, the one, its lease: then it is pushed.
        "sockets." => nth > 3,
        _ => false,
    }
}

/// Whatever call fails or kills whoever makes it: all is heard, in order, and what comes again comes with what follows it.
#[test]
fn l4_no_fault_loses_an_event_or_turns_the_order_around() {
    let mut repeats = 0;
    for fault in [Fault::Unavailable, Fault::TimedOutAfter, Fault::Throttled] {
        for operations in ["sockets.", "feeds.", "pusher.", "events.", "queues.", "sessions."] {
            for nth in 1..12 {
                let scene = Scene::new();
                let headers = [(TOKEN, scene.shop.owner.access_token.as_str())];
                assert_eq!(scene.world.shake_hands("s", &headers), 200);
                assert_eq!(scene.world.say("s", &subscribe(&["orders"], None)).code, None);
                scene.world.settle();
                (0..3).for_each(|_| order(&scene));
                scene.world.faults.fail(operations, nth, fault);
                for _ in 0..5 {
                    scene.world.settle();
                    scene.world.minute();
                }
                scene.world.settle();
                let case = format!("{fault:?} of {operations} {nth}");
                if nth == 1 {
                    scene.every_fault_has_struck();
                }
                repeats += heard_in_order(&scene, may_come_again(operations, nth, fault), &case);
            }
        }
    }
    assert!(repeats > 0, "nothing came again: a place was not lost");
}

/// Each event is followed by the next one, or by an earlier one that comes again. Says how many came again.
fn heard_in_order(scene: &Scene, may_repeat: bool, case: &str) -> usize {
    let all = events(scene, "order.");
    let heard = scene.world.heard_of("s");
    let place = |id: &String| all.iter().position(|other| other == id).expect("an event of the log");
    let places: Vec<usize> = heard.iter().map(place).collect();
    assert_eq!((places.first(), places.last()), (Some(&0), Some(&(all.len() - 1))), "{case}: {places:?}");
    assert!(places.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{case}: {places:?}");
    let repeats = heard.len() - all.len();
    assert!(may_repeat || repeats == 0, "{case}: {places:?}");
    repeats
}
