//! H2, H6: many who miss at once cost one read of the table. Who fills may be slow or die: the others are answered rightly all
//! the same, and what is newer stays.

use std::time::Duration;

use coffer_simulation::{Answer, Ask, Tasks, World, together};
use memory::Fault;
use ports::cache::{FILL_LEASE, REFRESHED_BEFORE_END};

use super::Scene;

const READERS: usize = 100;

/// An order that the cache does not have, by its path.
fn an_uncached_order(scene: &Scene) -> String {
    let order = scene.world.order(scene.owner(), 500).id();
    scene.world.run_until_quiet();
    scene.world.cache.flush();
    scene.world.faults.forget_calls();
    format!("/v1/orders/{order}")
}

fn read<'a>(scene: &'a Scene, path: &str) -> impl Future<Output = Answer> + 'a {
    scene.world.calling(Ask::get(path).by(&scene.owner_now()))
}

fn table_reads(scene: &Scene) -> u64 {
    scene.world.faults.calls("orders.get")
}

/// Lets a reader go on until it has made that call of a port; whether it is still under way then depends on the seed.
fn stops_at(reader: &mut Tasks<'_, (), Answer>, scene: &Scene, operation: &str) -> bool {
    while scene.world.faults.calls(operation) == 0 && !reader.is_empty() {
        reader.poll(0);
    }
    !reader.is_empty()
}

fn assert_all_show(answers: Vec<Answer>, status: &str) {
    for answer in answers {
        assert_eq!(answer.ok(200).text("/status"), status);
    }
}

#[test]
fn h2_a_hundred_misses_at_once_are_one_table_read() {
    for seed in 0..20 {
        let scene = Scene::of(World::seeded(seed));
        let path = an_uncached_order(&scene);
        let answers = together(seed, (0..READERS).map(|_| read(&scene, &path)));
        assert_all_show(answers, "open");
        assert_eq!(table_reads(&scene), 1, "seed {seed}");
        assert_eq!(scene.world.faults.calls("cache.put"), 1, "seed {seed}");
    }
}

/// What does not exist is looked for twice, the second time strongly, by one of the hundred.
#[test]
fn h2_a_hundred_who_ask_for_what_does_not_exist_are_one_look() {
    for seed in 0..20 {
        let scene = Scene::of(World::seeded(seed));
        let path = format!("/v1/orders/{}", scene.world.id::<domain::ids::OrderId>());
        scene.world.faults.forget_calls();
        for answer in together(seed, (0..READERS).map(|_| read(&scene, &path))) {
            answer.refused(404, "not_found");
        }
        assert_eq!(table_reads(&scene), 2, "seed {seed}");
    }
}

/// Killed at each of its steps. Until its lease is over nobody takes its place, and the others do not wait for ever.
#[test]
fn h2_a_filler_that_dies_costs_the_others_a_wait_and_no_wrong_answer() {
    for seed in 0..10 {
        for steps in 1..12 {
            let scene = Scene::of(World::seeded(seed));
            let path = an_uncached_order(&scene);
            let mut filler = Tasks::default();
            filler.start((), read(&scene, &path));
            for _ in 0..steps {
                if !filler.is_empty() {
                    filler.poll(0);
                }
            }
            drop(filler);
            assert_all_show(together(seed, (0..20).map(|_| read(&scene, &path))), "open");

            scene.world.clock.advance(FILL_LEASE);
            scene.world.cache.flush();
            scene.world.faults.forget_calls();
            assert_all_show(together(seed, (0..20).map(|_| read(&scene, &path))), "open");
            assert_eq!(table_reads(&scene), 1, "seed {seed}, {steps} steps");
        }
    }
}

/// The lease ends while they wait: one of them takes over.
#[test]
fn h2_one_of_those_who_wait_takes_over_from_a_filler_that_died() {
    let mut died = 0;
    for seed in 0..20 {
        let scene = Scene::of(World::seeded(seed));
        let path = an_uncached_order(&scene);
        let mut readers = Tasks::default();
        readers.start((), read(&scene, &path));
        // With some seeds it has put what it read by the time it stops.
        if !stops_at(&mut readers, &scene, "orders.get") || scene.world.faults.calls("cache.put") > 0 {
            continue;
        }
        readers.kill(0);
        died += 1;
        scene.world.faults.forget_calls();
        for _ in 0..READERS {
            readers.start((), read(&scene, &path));
        }
        // All of them have missed and begun to wait.
        for reader in 0..READERS {
            for _ in 0..10 {
                assert!(readers.poll(reader).is_none(), "nobody is answered yet");
            }
        }
        assert_eq!(table_reads(&scene), 0, "seed {seed}");
        scene.world.clock.advance(FILL_LEASE);
        let mut answers = Vec::new();
        let mut next = 0;
        while !readers.is_empty() {
            next = (next + 1) % readers.len();
            answers.extend(readers.poll(next).map(|((), answer)| answer));
        }
        assert_all_show(answers, "open");
        assert_eq!(table_reads(&scene), 1, "seed {seed}");
    }
    assert!(died > 0, "no seed lets a filler die before it has filled");
}

#[test]
fn h2_without_a_cache_nobody_waits() {
    let scene = Scene::of(World::seeded(1));
    let path = an_uncached_order(&scene);
    scene.world.cache.set_away(true);
    assert_all_show(together(1, (0..20).map(|_| read(&scene, &path))), "open");
    assert_eq!((table_reads(&scene), scene.world.faults.calls("cache.await_fill")), (20, 0));
}

#[test]
fn h2_a_call_that_is_refused_takes_no_lease_from_those_that_are_not() {
    let scene = Scene::new();
    let path = an_uncached_order(&scene);
    scene
        .world
        .call(Ask::get(path.as_str()).by(scene.owner()).header("accept", "text/html"))
        .refused(406, "not_acceptable");
    scene.world.call(Ask::get(path.as_str()).by(scene.owner())).ok(200);
    assert_eq!((table_reads(&scene), scene.world.faults.calls("cache.await_fill")), (1, 0));
}

/// In the last tenth of an entry's life one reader reads the table, and nobody misses.
#[test]
fn h2_an_entry_is_read_anew_by_one_before_it_ends() {
    for seed in 0..20 {
        let scene = Scene::of(World::seeded(seed));
        let path = an_uncached_order(&scene);
        assert_all_show(together(seed, [read(&scene, &path)]), "open");
        for round in 1..=3 {
            scene.world.clock.advance(Duration::from_secs(300) - REFRESHED_BEFORE_END);
            scene.world.faults.forget_calls();
            let answers = together(seed, (0..20).map(|_| read(&scene, &path)));
            assert!(answers.iter().all(|answer| answer.cache.hit), "round {round}");
            assert_all_show(answers, "open");
            assert_eq!(table_reads(&scene), 1, "seed {seed}, round {round}");
        }
    }
}

#[test]
fn h2_an_entry_that_cannot_be_read_anew_is_shown_as_it_is() {
    let scene = Scene::new();
    let path = an_uncached_order(&scene);
    assert_all_show(together(1, [read(&scene, &path)]), "open");
    scene.world.clock.advance(Duration::from_secs(300) - REFRESHED_BEFORE_END);
    scene.world.faults.fail("orders.get", 1, Fault::Unavailable);
    assert_all_show(together(1, [read(&scene, &path)]), "open");
    assert_eq!(table_reads(&scene), 2, "the failing one and the first");
}

/// The fence is the version: a filler that slept through its lease puts an old state, and the newer one stays.
#[test]
fn h6_a_filler_whose_lease_ran_out_does_not_overwrite() {
    let mut slept = 0;
    for seed in 0..20 {
        let scene = Scene::of(World::seeded(seed));
        let path = an_uncached_order(&scene);
        let mut slow = Tasks::default();
        slow.start((), read(&scene, &path));
        // It has read the table and is about to put what it read.
        if !stops_at(&mut slow, &scene, "cache.put") {
            continue;
        }
        slept += 1;
        scene.world.clock.advance(FILL_LEASE);
        scene.world.call(Ask::new("POST", format!("{path}/cancel")).by(scene.owner())).ok(200);
        assert_all_show(vec![scene.world.call(Ask::get(path.as_str()).by(scene.owner()))], "cancelled");
        while !slow.is_empty() {
            slow.poll(0);
        }
        let shown = scene.world.call(Ask::get(path.as_str()).by(scene.owner())).ok(200);
        assert_eq!((shown.text("/status"), shown.cache.hit), ("cancelled".to_owned(), true), "seed {seed}");
    }
    assert!(slept > 0, "no seed lets a filler sleep before it puts");
}
