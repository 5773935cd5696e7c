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
    allowances: what_is_reserved_stays_within_the_cap, what_is_settled_makes_room, of_parallel_reservations_as_many_stand_as_fit, a_reservation_stands_and_falls_with_its_job, extraction_settings_are_kept_by_their_version;
    attachments: an_attachment_is_kept_with_its_file_and_its_order, an_order_s_files_come_oldest_first, a_slot_is_taken_once, a_file_is_attached_and_detached_by_its_version, only_an_attachment_that_is_there_is_detached, a_file_is_deleted_with_all_its_attachments;
    files: every_field_of_a_file_is_kept, a_file_is_changed_by_its_version_alone, files_come_newest_first_without_the_deleted, a_batch_finds_the_tenant_s_files_alone, files_are_due_from_their_check_at;
    dead_letters: a_dead_letter_is_kept_once_and_changed_by_its_version, those_that_wait_are_listed_and_counted,
        those_that_wait_are_found_page_by_page;
    jobs: every_field_of_a_job_is_kept, a_job_is_changed_by_its_version_alone, jobs_come_newest_first_and_by_status, jobs_are_due_from_their_check_at, a_line_has_what_waits_the_most_urgent_and_oldest_first, no_more_begin_than_a_line_has_room_for, nothing_begins_in_a_line_that_is_paused, no_job_begins_in_one_commit_with_another_that_moves;
    mail: settings_are_kept_by_their_version, a_mail_is_claimed_by_one_until_it_is_sent, a_tenant_has_so_many_mails_a_day, of_parallel_mails_as_many_are_claimed_as_fit_a_day, an_address_is_refused_by_its_first_reason,
        refused_addresses_are_listed_until_mail_goes_there_again;
    platform: a_platform_commit_writes_all_it_names, a_failed_platform_commit_writes_nothing, a_second_claim_on_the_platform_is_given_the_first_record, of_parallel_claims_on_the_platform_one_stands, the_same_platform_commit_again_has_no_second_effect;
    realtime: every_field_of_a_socket_is_kept, a_socket_is_written_on_the_version_before_it, a_removed_socket_is_gone, a_tenant_s_sockets_come_all_at_once, every_field_of_a_feed_block_is_kept, a_feed_s_number_is_given_once, blocks_come_newest_first_or_from_a_number_on;
    schedules: every_field_of_a_schedule_is_kept, a_schedule_is_changed_and_deleted_by_its_version_alone, an_occurrence_has_its_job_once, schedules_come_newest_first, schedules_are_due_from_their_check_at;
    webhooks: every_field_of_an_endpoint_is_kept, settings_change_by_their_version_and_leave_health_alone, health_changes_by_its_own_version, a_deleted_endpoint_is_gone, endpoints_come_newest_first_and_all_at_once, every_field_of_a_delivery_is_kept, a_delivery_is_written_on_the_version_before_it, deliveries_come_newest_event_first_by_status_and_after_an_event, deliveries_are_due_from_the_moment_they_were_put_with, events_between_two_come_oldest_first;
}
