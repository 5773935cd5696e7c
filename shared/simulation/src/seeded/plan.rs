//! What a seed makes of its run: which steps are likely and which ports fail how often. Each seed stresses other things, so
//! that some go deep where an even mixture would not (swarm testing: Groce et al., ISSTA 2012).

use std::time::Duration;

use fastrand::Rng;
use memory::{Fault, Faults};

use super::actions::Action;
use crate::world::World;

/// Beginnings of operations, as the memory adapters name them.
const OPERATIONS: [&str; 34] = [
    "",
    "commerce.commit",
    "commerce.find_record",
    "orders.",
    "payments.",
    "refunds.",
    "disputes.",
    "events.",
    "platform.",
    "files.",
    "attachments.",
    "jobs.",
    "schedules.",
    "blobs.",
    "due.",
    "journal.",
    "queues.send",
    "endpoints.",
    "deliveries.",
    "platform.commit",
    "webhooks.send",
    "sockets.",
    "feeds.",
    "pusher.",
    "redelivery.",
    "cache.",
    "cache.admit",
    "cache.put",
    "connections.",
    "vault.",
    "provider.",
    "provider.charge",
    "provider.refund",
    "provider.capture_charge",
];

const FAULTS: [Fault; 9] = [
    Fault::Unavailable,
    Fault::Throttled,
    Fault::TimedOutBefore,
    Fault::TimedOutAfter,
    Fault::Contended,
    Fault::Slow,
    Fault::Stale,
    Fault::DiesBefore,
    Fault::DiesAfter,
];
/// How far instances' clocks may be off, in milliseconds: far more than they are, far less than a token's leeway.
const SKEW_MS_MAX: i64 = 10_000;

pub(super) struct Plan {
    weights: Vec<(Action, u32)>,
    sum: u32,
    /// Up to so many polls of running tasks follow each step: few let tasks pile up, many run them one by one.
    pub polls_max: usize,
    pub running_max: usize,
    pub skew_ms_max: i64,
}

impl Plan {
    pub(super) fn of(random: &mut Rng, world: &World) -> Self {
        let weights: Vec<(Action, u32)> =
            Action::ALL.into_iter().map(|(action, usual)| (action, weight(random, usual))).collect();
        let sum = weights.iter().map(|(_, weight)| weight).sum();
        // A third of the seeds is without faults of ports: order, death and time are trouble enough.
        if random.u8(..3) > 0 {
            plan_faults(random, &world.faults);
        }
        if random.u8(..3) == 0 {
            world.refusals.refuse_by_chance(random.u16(100..600));
        }
        if random.u8(..3) == 0 {
            world.late.delay_by_chance(random.u16(10..150));
        }
        if random.bool() {
            world.job_patience.set(Duration::ZERO);
        }
        let skew_ms_max = if random.u8(..3) == 0 { random.i64(1..=SKEW_MS_MAX) } else { 0 };
        Self { weights, sum, polls_max: random.usize(4..40), running_max: random.usize(1..8), skew_ms_max }
    }

    pub(super) fn next(&self, random: &mut Rng) -> Action {
        let mut left = random.u32(..self.sum);
        for (action, weight) in &self.weights {
            match left.checked_sub(*weight) {
                None => return *action,
                Some(rest) => left = rest,
            }
        }
        Action::Send
    }
}

/// Some are left out of a run, some are many; what a run cannot do without never is.
fn weight(random: &mut Rng, usual: u32) -> u32 {
    match random.u8(..8) {
        0 if usual < Action::NEEDED => 0,
        1 => usual * 4,
        _ => usual,
    }
}

fn plan_faults(random: &mut Rng, faults: &Faults) {
    for _ in 0..random.usize(1..6) {
        let operations = OPERATIONS[random.usize(..OPERATIONS.len())];
        let fault = FAULTS[random.usize(..FAULTS.len())];
        faults.fail_by_chance(operations, random.u16(5..250), fault);
    }
}
