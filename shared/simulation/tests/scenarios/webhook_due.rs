//! K3: many deliveries are due at once, and the index that finds them lags behind.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coffer_simulation::{DueAs, Setup, Wiring, World, run};
use domain::time::Timestamp;
use memory::Manner;
use serde_json::json;

use super::Scene;
use super::webhook_burst::burst;
use super::webhooks::FIRST;

#[test]
fn k3_each_delivery_that_is_due_is_put_into_the_queue_once_a_run() {
    const MANY: usize = 600;
    let rewire = |wiring: Wiring| {
        let first = Mutex::new((Timestamp::from_ms(0), Vec::new()));
        // At a moment, what was due when it was first asked then.
        let shown = move |now, due| {
            let mut first = first.lock().expect("nobody panics");
            if first.0 != now {
                *first = (now, due);
            }
            first.1.clone()
        };
        Wiring { deliveries: Arc::new(DueAs { next: wiring.deliveries.clone(), shown }), ..wiring }
    };
    let scene = Scene::of(World::of(Setup { rewire, ..Setup::default() }));
    scene.world.endpoint(scene.owner(), FIRST, &json!({ "types": ["order.*"] }));
    scene.world.receivers.set(FIRST, Manner::Hangs);
    burst(&scene, MANY);
    scene.world.settle();
    scene.world.clock.advance(Duration::from_secs(60 * 60));
    let swept = run(scene.world.wake_step()).expect("nothing fails");
    assert_eq!((swept.done, swept.failed), (MANY, 0));
}
