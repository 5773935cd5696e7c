//! The numbers that others rely on, once as they are published (README, docs/): other tests reckon with the constants.

use std::time::Duration;

use crate::job::Priority;
use crate::{
    attachment, dead_letter, event, file, idempotency, identity, job, listing, mail, payment, rate_limit, schedule,
    socket, webhook,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn what_is_published_of_times_is_so() {
    for (what, is, published) in [
        ("A6: an idempotency key", idempotency::KEPT_FOR, DAY),
        ("B4: an authorisation", payment::CAPTURE_WITHIN, 7 * DAY),
        ("a payment that waits for its customer", payment::ACTION_EXPIRES_AFTER, DAY),
        ("an access token", identity::ACCESS_TOKEN_LIFETIME, 10 * MINUTE),
        ("a session that is not used", identity::SESSION_IDLE_MAX, 30 * DAY),
        ("I4: a dead letter", dead_letter::KEPT_FOR, 30 * DAY),
        ("I6: a worker's lease of a job", job::LEASE, 2 * MINUTE),
        ("I7: a job that is worked on", job::TIME_OUT, 2 * HOUR),
        ("I16: a job that has ended", job::ENDED_KEPT_FOR, 30 * DAY),
        ("J1: an upload's link", file::UPLOAD_WITHIN, 15 * MINUTE),
        ("a file that was rejected or deleted", file::ENDED_KEPT_FOR, 30 * DAY),
        ("J6: that a mail was sent", mail::SENT_KEPT_FOR, 30 * DAY),
        ("K2: a secret that was exchanged", webhook::SECRET_OVERLAP, DAY),
        ("K4: what a receiver may ask to wait", webhook::RETRY_AFTER_MAX, 10 * HOUR),
        ("K7: an endpoint that fails", webhook::GIVEN_UP_AFTER, 5 * DAY),
        ("K12, L4: an event, and the log of its attempts", event::KEPT_FOR, 30 * DAY),
    ] {
        assert_eq!(is, published, "{what}");
    }
}

#[test]
fn what_is_published_of_counts_is_so() {
    // F3, I11: a tenant never has all workers, and the less urgent leave room for the more urgent.
    assert_eq!([Priority::High, Priority::Normal, Priority::Low].map(Priority::running_max), [4, 3, 2]);
    assert_eq!((webhook::ATTEMPTS_MAX, webhook::ENDPOINTS_MAX), (8, 100));
    assert_eq!((job::ATTEMPTS_MAX, listing::ROWS_MAX), (5, 2_000));
    assert_eq!((socket::SOCKETS_MAX, schedule::SCHEDULES_MAX), (100, 100));
    assert_eq!((attachment::FILES_PER_ORDER_MAX, attachment::ORDERS_PER_FILE_MAX), (50, 50));
    let quota = |rate_limit::Quota { per_minute, burst }| (per_minute, burst);
    assert_eq!((quota(rate_limit::READS), quota(rate_limit::WRITES)), ((1_000, 200), (600, 100)));
}
