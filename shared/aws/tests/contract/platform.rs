//! The platform table, with the commerce table's log of events.

use crate::place::{seed, with_platform};

macro_rules! contracts {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => {$(
        mod $module {
            use super::*;

            $(
                #[tokio::test]
                #[ignore = "needs the emulator: cargo xtask test"]
                async fn $name() {
                    with_platform(async |platform, commerce| {
                        contract::$module::$name(contract::PlatformTable::of(platform, commerce), seed()).await
                    }).await;
                }
            )+
        }
    )+};
}

contracts! {
    allowances: what_is_reserved_stays_within_the_cap, what_is_settled_makes_room, of_parallel_reservations_as_many_stand_as_fit, a_reservation_stands_and_falls_with_its_job, the_last_extraction_settings_stand;
    files: every_field_of_a_file_is_kept, a_file_is_changed_by_its_version_alone, files_come_newest_first_without_the_deleted, files_are_due_from_their_check_at;
    jobs: every_field_of_a_job_is_kept, a_job_is_changed_by_its_version_alone, jobs_come_newest_first_and_by_status, jobs_are_due_from_their_check_at;
    mail: settings_are_kept_by_their_version, a_mail_is_claimed_by_one_until_it_is_sent, an_address_is_refused_by_its_first_reason;
    platform: a_platform_commit_writes_all_it_names, a_failed_platform_commit_writes_nothing, a_second_claim_on_the_platform_is_given_the_first_record, of_parallel_claims_on_the_platform_one_stands, the_same_platform_commit_again_has_no_second_effect;
    webhooks: every_field_of_an_endpoint_is_kept, settings_change_by_their_version_and_leave_health_alone, health_changes_by_its_own_version, a_deleted_endpoint_is_gone, endpoints_come_newest_first_and_all_at_once, every_field_of_a_delivery_is_kept, a_delivery_is_written_on_the_version_before_it, deliveries_come_newest_event_first_by_status_and_after_an_event, deliveries_are_due_from_the_moment_they_were_put_with, events_between_two_come_oldest_first;
}
