//! Jobs: what each move makes of each state, and what workers may do to each other.

use proptest::prelude::*;

use super::*;
use crate::task::{Report, ReportFormat, ReportKind};

const NOW: Timestamp = Timestamp::from_ms(1_000_000);

fn job() -> Job {
    let report = Report {
        kind: ReportKind::Payments,
        from: Timestamp::from_ms(0),
        to: NOW,
        format: ReportFormat::Csv,
        currency: None,
    };
    Job::new(JobId::from_u128(1), TenantId::from_u128(2), Task::Report(report), NOW)
}

fn taken(job: &Job, now: Timestamp) -> Job {
    match job.take(now) {
        Taking::Work(job) => job,
        other => panic!("not to be worked on: {other:?}"),
    }
}

fn in_state(status: JobStatus) -> Job {
    let running = taken(&job(), NOW);
    match status {
        JobStatus::Scheduled => job().planned(Plan { run_at: Some(NOW.plus(LEASE)), ..Plan::default() }),
        JobStatus::Queued => job(),
        JobStatus::Running => running,
        JobStatus::Succeeded => running.succeed(JobResult::Object(ResultObject { object: 2, rows: 1, bytes: 10 }), NOW),
        JobStatus::Failed => running.fail(JobFault::GivenUp, NOW),
        JobStatus::Cancelled => job().cancel(NOW).expect("it is queued"),
    }
}

#[test]
fn what_clients_may_do_by_state() {
    for (status, cancelled, retried) in [
        (JobStatus::Scheduled, Some(JobStatus::Cancelled), None),
        (JobStatus::Queued, Some(JobStatus::Cancelled), None),
        (JobStatus::Running, Some(JobStatus::Running), None),
        (JobStatus::Succeeded, None, None),
        (JobStatus::Failed, None, Some(JobStatus::Queued)),
        (JobStatus::Cancelled, None, None),
    ] {
        let job = in_state(status);
        let moves = [(job.cancel(NOW), cancelled), (job.retry(NOW), retried)];
        for (result, expected) in moves {
            let refusal = JobRefusal { current: status };
            assert_eq!(result.map(|job| job.status), expected.ok_or(refusal), "from {status:?}");
        }
    }
}

#[test]
fn a_job_has_one_worker_until_the_lease_ends() {
    let first = taken(&job(), NOW);
    assert_eq!(first.take(NOW.plus(LEASE).minus(Duration::from_millis(1))), Taking::Leave);
    let second = taken(&first, NOW.plus(LEASE));
    assert_eq!(second.attempts, 2);
    let number = first.lease.expect("it is held").number;
    assert!(first.is_held_under(number) && !second.is_held_under(number));
    let renewed = first.advance(10, Some("there".to_owned()), NOW.plus(Duration::from_secs(60)));
    assert!(renewed.is_held_under(number));
    assert_eq!(renewed.take(NOW.plus(LEASE)), Taking::Leave);
    assert_eq!((renewed.progress, renewed.checkpoint.as_deref()), (10, Some("there")));
    assert_eq!(renewed.advance(5, None, NOW).progress, 10, "progress never goes back");
    assert_eq!(renewed.advance(100, None, NOW).progress, 99, "all of it is done when it has ended");
}

#[test]
fn a_running_job_that_is_cancelled_ends_at_the_next_look() {
    let wanted_no_longer = taken(&job(), NOW).cancel(NOW).expect("it runs");
    assert_eq!(wanted_no_longer.advance(50, None, NOW).status, JobStatus::Cancelled);
    let by_the_sweeper = wanted_no_longer.look(NOW.plus(LEASE)).expect("its lease is over");
    assert_eq!(by_the_sweeper.status, JobStatus::Cancelled);
    let again = Taking::End(wanted_no_longer.release("x", NOW).cancelled(NOW));
    match (wanted_no_longer.release("x", NOW).take(NOW), again) {
        (Taking::End(ended), Taking::End(expected)) => assert_eq!(ended.status, expected.status),
        other => panic!("{other:?}"),
    }
}

#[test]
fn time_and_tries_end() {
    let running = taken(&job(), NOW);
    let late = NOW.plus(TIME_OUT);
    assert_eq!(running.advance(1, None, late).fault, Some(JobFault::TimedOut));
    let mut failing = job();
    for _ in 0..ATTEMPTS_MAX {
        failing = taken(&failing, NOW).release("no luck", NOW);
    }
    match failing.take(NOW) {
        Taking::End(ended) => assert_eq!((ended.status, ended.fault), (JobStatus::Failed, Some(JobFault::GivenUp))),
        other => panic!("{other:?}"),
    }
    let again = failing.fail(JobFault::GivenUp, NOW).retry(NOW).expect("it has failed");
    assert_eq!((again.attempts, again.fault, again.started_at, again.checkpoint), (0, None, None, None));
    let cancelled_in_vain = taken(&job(), NOW).cancel(NOW).expect("it runs").fail(JobFault::GivenUp, NOW);
    let again = cancelled_in_vain.retry(NOW).expect("it has failed");
    assert!(matches!(again.take(NOW), Taking::Work(_)), "it is wanted again");
    let mut pausing = job();
    for _ in 0..2 * ATTEMPTS_MAX {
        pausing = taken(&pausing, NOW).pause(NOW);
    }
    assert_eq!(taken(&pausing, NOW).attempts, 1, "going on elsewhere is no fault");
}

#[test]
fn the_sweeper_looks_when_it_is_due() {
    let queued = job();
    assert_eq!(queued.look(NOW), None);
    let asked_again = queued.look(NOW.plus(WAITS_AT_MOST)).expect("it has waited");
    assert_eq!((asked_again.status, asked_again.version), (JobStatus::Queued, 2));
    assert_eq!(asked_again.look(NOW.plus(WAITS_AT_MOST)), None, "once each time");
    let lost = taken(&queued, NOW).look(NOW.plus(LEASE)).expect("the lease is over");
    assert_eq!((lost.status, lost.attempts), (JobStatus::Queued, 1));
    for status in [JobStatus::Succeeded, JobStatus::Failed, JobStatus::Cancelled] {
        let ended = in_state(status);
        assert_eq!((ended.look(NOW.plus(TIME_OUT)), ended.check_at), (None, None));
        assert_eq!(ended.expires_at(), Some(NOW.plus(ENDED_KEPT_FOR)));
    }
}

#[test]
fn a_job_for_later_waits_for_its_time() {
    let run_at = NOW.plus(Duration::from_secs(40 * 24 * 60 * 60));
    let later = job().planned(Plan { priority: Priority::Low, run_at: Some(run_at) });
    assert_eq!((later.status, later.check_at, later.place()), (JobStatus::Scheduled, Some(run_at), Place::Out));
    assert_eq!(later.take(run_at), Taking::Leave, "the sweeper puts it in the line");
    assert_eq!(later.look(run_at.minus(Duration::from_millis(1))), None);
    let queued = later.look(run_at).expect("its time has come");
    assert_eq!((queued.status, queued.place(), queued.priority), (JobStatus::Queued, Place::Waits, Priority::Low));
    assert_eq!(taken(&queued, run_at).started_at, Some(run_at), "its time-out begins with its work");
    for run_at in [None, Some(NOW), Some(NOW.minus(LEASE))] {
        assert_eq!(job().planned(Plan { priority: Priority::High, run_at }).status, JobStatus::Queued, "at once");
    }
}

#[test]
fn a_job_that_is_held_back_leaves_the_line_and_ends_as_any_other() {
    let held = taken(&job(), NOW).hold_back("busy", NOW);
    assert_eq!((held.status, held.place(), held.attempts, held.lease), (JobStatus::Scheduled, Place::Out, 0, None));
    assert_eq!(held.take(NOW.plus(LEASE)), Taking::Leave, "a message that comes again does nothing");
    assert_eq!(held.look(NOW.plus(Duration::from_secs(4))), None);
    let again = held.look(NOW.plus(Duration::from_secs(5))).expect("it may be asked again");
    assert_eq!((again.status, again.started_at), (JobStatus::Queued, Some(NOW)), "its time-out goes on");
    let later = NOW.plus(Duration::from_secs(600));
    let longer = taken(&again, later).hold_back("busy", later);
    assert_eq!(longer.check_at, Some(later.plus(Duration::from_secs(600))));

    assert_eq!(held.cancel(NOW).map(|job| job.status), Ok(JobStatus::Cancelled));
    let late = held.look(NOW.plus(TIME_OUT)).expect("it has taken too long");
    assert_eq!((late.status, late.fault), (JobStatus::Failed, Some(JobFault::TimedOut)));
    let wanted_no_longer = taken(&job(), NOW).cancel(NOW).expect("it runs");
    assert_eq!(wanted_no_longer.hold_back("busy", NOW).status, JobStatus::Cancelled);
    assert_eq!(taken(&job(), NOW).hold_back("busy", NOW.plus(TIME_OUT)).fault, Some(JobFault::TimedOut));
}

#[test]
fn a_job_s_place_follows_its_state() {
    let running = taken(&job(), NOW);
    assert_eq!((job().place(), running.place()), (Place::Waits, Place::Begins));
    assert_eq!(running.advance(1, None, NOW).place(), Place::Runs);
    assert_eq!(running.cancel(NOW).expect("it runs").place(), Place::Runs);
    assert_eq!(running.release("x", NOW).place(), Place::Waits);
    assert_eq!(taken(&running, NOW.plus(LEASE)).place(), Place::Begins, "by another worker");
    for status in JobStatus::ALL.iter().filter(|status| status.has_ended()) {
        assert_eq!(in_state(*status).place(), Place::Out);
    }
    let room: Vec<usize> = Priority::ALL.iter().map(|priority| priority.running_max()).collect();
    assert!(room.is_sorted_by(|urgent, less| urgent > less), "what is less urgent leaves room: {room:?}");
}

proptest! {
    /// Whatever workers, clients and the sweeper do in whatever order, every move is legal, versions count up, the log is
    /// bounded and what has ended is left alone but by a retry.
    #[test]
    fn every_history_is_legal(moves in prop::collection::vec((0_u8..10, 0_u64..200_000), 0..200)) {
        let (mut job, mut now) = (job(), NOW);
        for (choice, ms) in moves {
            now = now.plus(Duration::from_millis(ms));
            let runs = job.status == JobStatus::Running;
            let next = match choice {
                0 | 1 => match job.take(now) {
                    Taking::Work(next) | Taking::End(next) => Some(next),
                    Taking::Leave => None,
                },
                2 if runs => Some(job.advance(50, None, now)),
                3 if runs => Some(job.pause(now)),
                4 if runs => Some(job.release("x", now)),
                5 if runs => Some(job.succeed(JobResult::Object(ResultObject { object: 1, rows: 0, bytes: 0 }), now)),
                6 => job.cancel(now).ok(),
                7 => job.retry(now).ok(),
                8 if runs => Some(job.hold_back("x", now)),
                _ => job.look(now),
            };
            let Some(next) = next else { continue };
            let is_legal = next.status == job.status && !job.status.has_ended()
                || job.status.next().contains(&next.status);
            prop_assert!(is_legal, "{:?} to {:?}", job.status, next.status);
            prop_assert_eq!(next.version, job.version + 1);
            prop_assert_eq!(next.lease.is_some(), next.status == JobStatus::Running);
            prop_assert_eq!(next.check_at.is_none(), next.status.has_ended());
            prop_assert!(next.log.len() <= LOG_LINES_MAX && next.progress <= 100);
            prop_assert_eq!(next.result.is_some(), next.status == JobStatus::Succeeded);
            prop_assert_eq!(next.fault.is_some(), next.status == JobStatus::Failed);
            job = next;
        }
    }
}
