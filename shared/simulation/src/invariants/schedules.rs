//! No occurrence of a schedule has two jobs, and, once nothing is left to be done, each has one (I13).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::event::{Event, EventType};
use domain::ids::{JobId, ScheduleId};
use domain::job::{ENDED_KEPT_FOR, Job};
use domain::schedule::{Due, NewSchedule, Schedule};
use domain::task::Task;
use domain::time::Timestamp;
use memory::Contents;
use ports::clock::Clock as _;

use super::{Holds, ensure};
use crate::world::World;

/// Between two sweeps, with what clocks are off by.
const SWEPT_WITHIN: Duration = Duration::from_secs(120);

pub(super) fn hold(jobs: &[Job]) -> Holds {
    let mut made: BTreeMap<(ScheduleId, Timestamp), JobId> = BTreeMap::new();
    for job in jobs {
        let Some(occurrence) = job.occurrence else { continue };
        let other = made.insert((occurrence.schedule, occurrence.at), job.id);
        ensure(other.is_none(), || format!("{} and {other:?} are of one occurrence: {occurrence:?}", job.id))?;
    }
    Ok(())
}

pub(super) fn have_occurred(world: &World, contents: &Contents) -> Holds {
    let now = world.clock.now();
    let overdue = contents.schedules.iter().find(|schedule| schedule.due(now.minus(SWEPT_WITHIN)) != Due::Nothing);
    ensure(overdue.is_none(), || format!("nobody looks at {overdue:?}"))?;
    contents.schedules.iter().try_for_each(|schedule| {
        let jobs: Vec<&Job> = contents.jobs.iter().filter(|job| is_of(job, schedule)).collect();
        let is_of_its_period = |job: &&&Job| {
            let at = job.occurrence.map(|occurrence| occurrence.at);
            at.is_some_and(|at| job.task == Task::Report(schedule.report_at(at)))
        };
        let made: BTreeSet<Timestamp> = jobs.iter().filter_map(|job| Some(job.occurrence?.at)).collect();
        // Those that clients have changed began anew at a moment that nobody knows, and jobs are not kept for ever.
        let of_it = |event: &&Event| event.subject == schedule.id.to_string();
        let was_changed = contents.events.iter().filter(of_it).any(|event| event.kind == EventType::ScheduleUpdated);
        if was_changed || now >= schedule.created_at.plus(ENDED_KEPT_FOR) {
            return Ok(());
        }
        let strange = jobs.iter().find(|job| !is_of_its_period(job));
        ensure(strange.is_none(), || format!("{strange:?} is not what {schedule:?} asks for"))?;
        ensure(made == occurrences(schedule), || format!("{schedule:?} has jobs of {made:?}"))
    })
}

fn is_of(job: &Job, schedule: &Schedule) -> bool {
    job.occurrence.is_some_and(|occurrence| occurrence.schedule == schedule.id)
}

/// Since it was made.
fn occurrences(schedule: &Schedule) -> BTreeSet<Timestamp> {
    let Schedule { cron, zone, report, priority, description, .. } = schedule.clone();
    let input = NewSchedule { cron, zone, report, priority, description };
    let mut anew = Schedule::new(schedule.id, schedule.tenant, input, schedule.created_at);
    let mut occurrences = BTreeSet::new();
    while let Some(at) = anew.next_at.filter(|at| *at <= schedule.done_up_to) {
        occurrences.insert(at);
        anew = anew.occurred(at, JobId::from_u128(0), at);
    }
    occurrences
}
