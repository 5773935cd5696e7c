//! The in-memory adapters keep every guarantee of the ports: each property of `contract` is a test here. Each runs three
//! times on one store, with other ids, and with calls that interleave as the seed says.

use std::time::Duration;

use coffer_memory::{
    Cache, Clock, Faults, Key, Mailer, Model, OptOutKey, Passwords, Provider, Queues, Sockets, Store, Vault,
};
use contract::{CommerceTable, IdentityTable, PlatformTable};
use domain::event::Queue;
use domain::text::Email;

const SEEDS: std::ops::Range<u128> = 1..4;

fn faults() -> Faults {
    Faults::seeded(7)
}

macro_rules! properties {
    ($module:ident of $adapter:expr, $as:expr; $($property:ident,)*) => {
        mod $module {
            use super::*;

            $(#[tokio::test]
            async fn $property() {
                let adapter = $adapter;
                for seed in SEEDS {
                    contract::$module::$property($as(&adapter), seed).await;
                }
            })*
        }
    };
}

macro_rules! unseeded {
    ($module:ident of $adapter:expr; $($property:ident,)*) => {
        $(#[tokio::test]
        async fn $property() {
            contract::$module::$property(&$adapter).await;
        })*
    };
}

fn same<T: ?Sized>(adapter: &T) -> &T {
    adapter
}

properties! { claims of Store::new(faults()), CommerceTable::of;
    a_second_claim_is_given_the_first_record,
    every_field_of_a_record_is_kept,
    an_expired_claim_is_free,
    a_key_belongs_to_its_tenant_and_route,
    of_parallel_claims_one_stands,
    a_live_record_is_found_by_its_claim,
}

properties! { commerce of Store::new(faults()), CommerceTable::of;
    a_commit_writes_all_it_names,
    a_failed_commit_writes_nothing,
    the_first_failing_condition_is_told,
    what_exists_is_not_created_again,
    an_update_stands_on_the_version_before_it,
    what_is_missing_is_not_updated,
    of_parallel_updates_one_stands,
    the_same_commit_again_has_no_second_effect,
}

properties! { holds of Store::new(faults()), CommerceTable::of;
    a_hold_changes_the_order_as_the_domain_does,
    holds_are_refused_by_state_currency_amount,
    an_order_of_nobody_is_not_held,
    parallel_holds_never_exceed_the_total,
    a_reservation_changes_the_payment_as_the_domain_does,
    reservations_are_refused_by_state_amount,
    a_payment_of_nobody_is_not_refunded,
    parallel_reservations_never_exceed_what_was_captured,
}

properties! { closings of Store::new(faults()), CommerceTable::of;
    the_last_closing_before_an_entry_is_found,
    closings_come_oldest_first,
    entries_between_two_come_oldest_first,
}

properties! { connections of Store::new(faults()), CommerceTable::of;
    every_field_of_connections_is_kept,
    connections_stand_on_the_version_before_them,
}

properties! { verification of Store::new(faults()), CommerceTable::of;
    rows_are_found_as_they_were_written,
    every_transaction_is_on_one_page,
    entries_come_oldest_first_from_an_id,
    a_tenant_is_due_from_its_first_block_on,
    progress_is_kept_until_it_is_taken_back,
}

properties! { journal of Store::new(faults()), CommerceTable::of;
    every_field_of_a_block_is_kept,
    a_transaction_is_in_one_block,
    a_refused_block_leaves_nothing,
    a_number_is_taken_once,
    of_parallel_blocks_of_a_number_one_stands,
    a_block_takes_99_transactions_and_no_more,
    a_block_changes_nothing_of_its_transactions,
    transactions_in_no_block_are_left_out_after_their_time,
}

properties! { orders of Store::new(faults()), CommerceTable::of;
    every_field_of_an_order_is_kept,
    an_order_is_found_by_its_tenant_alone,
    a_batch_finds_the_tenant_s_orders_alone,
    orders_come_newest_first,
    pages_of_orders_stay_while_orders_arrive,
    an_order_is_listed_under_its_present_state,
    filters_of_orders_apply_together,
}

properties! { payments of Store::new(faults()), CommerceTable::of;
    every_field_of_a_payment_is_kept,
    a_payment_is_found_by_its_tenant_alone,
    a_batch_finds_the_tenant_s_payments_alone,
    payments_come_newest_first,
    pages_of_payments_stay_while_payments_arrive,
    a_payment_is_listed_under_its_present_state,
    filters_of_payments_apply_together,
}

properties! { refunds of Store::new(faults()), CommerceTable::of;
    every_field_of_a_refund_is_kept,
    a_refund_is_found_below_its_payment_and_tenant_alone,
    refunds_come_newest_first,
}

properties! { ledger of Store::new(faults()), CommerceTable::of;
    a_transaction_is_found_by_its_source_and_tenant,
    a_source_is_posted_once,
    of_parallel_postings_of_a_source_one_stands,
    a_transaction_is_reversed_once,
    a_balance_is_the_sum_of_parallel_postings,
    pending_is_kept_apart_from_posted,
    accounts_are_listed_by_id_once_booked_on,
    entries_come_newest_first,
}

properties! { wallets of Store::new(faults()), CommerceTable::of;
    every_field_of_a_wallet_is_kept,
    a_wallet_is_found_by_its_tenant_and_account_alone,
    wallets_come_newest_first_while_wallets_arrive,
    what_needs_a_wallet_is_refused_without_one,
    parallel_spending_never_overdraws,
    what_is_reserved_cannot_be_spent,
    a_refund_into_a_wallet_is_spent_once_it_is_there,
}

properties! { events of Store::new(faults()), CommerceTable::of;
    every_field_of_an_event_is_kept,
    an_event_is_found_by_its_tenant_alone,
    events_come_newest_first_within_the_range,
    publishing_changes_no_event,
}

properties! { fees of Store::new(faults()), CommerceTable::of;
    the_last_fee_settings_stand_in_every_field,
}

properties! { statements of Store::new(faults()), CommerceTable::of;
    every_field_of_a_statement_is_kept,
    all_lines_of_a_statement_come_in_their_order,
    any_part_of_the_differences_is_read_in_their_order,
    a_statement_ends_once,
    statements_come_newest_first,
    statements_are_due_until_they_end,
    what_a_provider_calls_so_is_found_by_its_reference,
}

properties! { disputes of Store::new(faults()), CommerceTable::of;
    every_field_of_a_dispute_is_kept,
    a_dispute_is_changed_by_its_version_alone,
    disputes_come_newest_first_and_by_status,
}

properties! { due of Store::new(faults()), CommerceTable::of;
    payments_are_due_from_their_check_at,
    refunds_are_due_from_their_check_at,
    disputes_are_due_from_their_check_at,
    events_are_due_until_they_are_published,
    due_lists_keep_to_about_their_limit,
}

fn platform(store: &Store) -> PlatformTable<'_> {
    PlatformTable::of(store, store)
}

properties! { platform of Store::new(faults()), platform;
    a_platform_commit_writes_all_it_names,
    a_failed_platform_commit_writes_nothing,
    a_second_claim_on_the_platform_is_given_the_first_record,
    of_parallel_claims_on_the_platform_one_stands,
    the_same_platform_commit_again_has_no_second_effect,
}

properties! { dead_letters of Store::new(faults()), platform;
    a_dead_letter_is_kept_once_and_changed_by_its_version,
    those_that_wait_are_listed_and_counted,
    those_that_wait_are_found_page_by_page,
}

properties! { jobs of Store::new(faults()), platform;
    every_field_of_a_job_is_kept,
    a_job_is_changed_by_its_version_alone,
    jobs_come_newest_first_and_by_status,
    jobs_are_due_from_their_check_at,
    a_line_has_what_waits_the_most_urgent_and_oldest_first,
    no_more_begin_than_a_line_has_room_for,
    nothing_begins_in_a_line_that_is_paused,
    no_job_begins_in_one_commit_with_another_that_moves,
}

properties! { schedules of Store::new(faults()), platform;
    every_field_of_a_schedule_is_kept,
    a_schedule_is_changed_and_deleted_by_its_version_alone,
    an_occurrence_has_its_job_once,
    schedules_come_newest_first,
    schedules_are_due_from_their_check_at,
}

properties! { allowances of Store::new(faults()), platform;
    what_is_reserved_stays_within_the_cap,
    what_is_settled_makes_room,
    of_parallel_reservations_as_many_stand_as_fit,
    a_reservation_stands_and_falls_with_its_job,
    extraction_settings_are_kept_by_their_version,
}

unseeded! { extractor of Model::new(faults());
    a_document_of_any_type_is_read_and_its_tokens_are_counted,
    what_is_not_an_end_is_no_answer_and_is_paid_for,
    every_fault_says_whether_it_may_be_paid_for,
    a_model_that_was_busy_answers_later,
}

properties! { mail of Store::new(faults()), platform;
    settings_are_kept_by_their_version,
    a_mail_is_claimed_by_one_until_it_is_sent,
    a_tenant_has_so_many_mails_a_day,
    of_parallel_mails_as_many_are_claimed_as_fit_a_day,
    an_address_is_refused_by_its_first_reason,
        refused_addresses_are_listed_until_mail_goes_there_again,
}

/// After the macros, which it uses.
#[path = "contract/files.rs"]
mod of_files;

properties! { webhooks of Store::new(faults()), platform;
    every_field_of_an_endpoint_is_kept,
    settings_change_by_their_version_and_leave_health_alone,
    health_changes_by_its_own_version,
    a_deleted_endpoint_is_gone,
    endpoints_come_newest_first_and_all_at_once,
    every_field_of_a_delivery_is_kept,
    a_delivery_is_written_on_the_version_before_it,
    deliveries_come_newest_event_first_by_status_and_after_an_event,
    deliveries_are_due_from_the_moment_they_were_put_with,
    events_between_two_come_oldest_first,
}

properties! { realtime of Store::new(faults()), platform;
    every_field_of_a_socket_is_kept,
    a_socket_is_written_on_the_version_before_it,
    a_removed_socket_is_gone,
    a_tenant_s_sockets_come_all_at_once,
    every_field_of_a_feed_block_is_kept,
    a_feed_s_number_is_given_once,
    blocks_come_newest_first_or_from_a_number_on,
}

properties! { identity of Store::new(faults()), IdentityTable::of;
    a_tenant_comes_with_its_owner,
    a_tenant_is_created_once,
    every_field_of_a_user_is_kept,
    a_user_is_found_by_their_tenant_alone,
    an_address_belongs_to_one_user_of_a_tenant,
    of_parallel_users_with_an_address_one_stands,
    a_user_s_conditions_are_told_in_order,
    an_expired_claim_on_a_user_is_free,
    users_come_newest_first,
    the_eldest_users_come_oldest_first,
    a_user_is_updated_on_the_version_before,
    an_update_does_not_change_the_address,
    a_deleted_user_is_gone_with_their_login,
}

properties! { sessions of Store::new(faults()), IdentityTable::of;
    a_session_is_found_by_its_tenant_alone,
    each_token_is_exchanged_for_the_next,
    a_used_token_ends_its_session,
    of_two_with_a_token_one_is_rotated,
    what_is_not_a_live_session_s_token_is_gone,
    a_session_is_ended_once,
    nobody_ends_another_tenant_s_session,
}

properties! { limits of Store::new(faults()), IdentityTable::of;
    a_limit_is_the_domain_s,
    callers_and_classes_have_limits_of_their_own,
    calls_at_once_share_a_limit,
}

properties! { attempts of Store::new(faults()), IdentityTable::of;
    attempts_are_counted_in_their_window,
    scopes_are_counted_apart,
    parallel_attempts_are_all_counted,
    parallel_attempts_begin_one_window,
    forgotten_attempts_do_not_count,
}

properties! { cache of Cache::new(Clock::default(), faults()), same;
    admissions_are_decided_as_the_domain_does,
    callers_and_classes_are_limited_apart,
    what_was_put_is_found_by_key_and_tenant,
    the_newest_version_stays,
    a_refused_call_gets_no_entry,
    a_revoked_session_s_calls_are_told,
    a_revoked_user_s_older_tokens_are_told,
}

properties! { fills of Cache::new(Clock::default(), faults()), same;
    of_many_misses_one_has_the_lease,
    who_waits_is_given_what_is_filled,
    who_waits_in_vain_is_let_go,
    a_call_that_is_refused_takes_no_lease,
    a_late_filler_replaces_nothing,
}

properties! { provider of Provider::new(faults()), same;
    a_key_charges_once,
    declines_are_told_by_code,
    what_was_never_seen_is_not_found,
    a_charge_without_an_answer_is_found,
    a_flaky_charge_succeeds_at_the_third_try,
    a_charge_that_waits_can_be_given_up,
    a_decided_charge_is_not_given_up,
    a_charge_by_hand_is_captured_once,
    an_authorised_charge_can_be_given_up,
    a_dispute_is_found_and_answered,
    a_key_refunds_once,
    refunds_end_at_what_was_charged,
}

properties! { vault of Vault::new(faults()), same;
    what_is_sealed_is_opened,
    a_longer_secret_is_refused,
    what_is_sealed_shows_nothing,
    another_purpose_opens_nothing,
    what_was_never_sealed_is_refused,
}

unseeded! { cache of Cache::new(Clock::default(), faults());
    the_cache_answers_a_ping,
}

unseeded! { queues of Queues::new(Clock::default(), faults(), 10);
    sending_nothing_is_no_error,
}

unseeded! { passwords of Passwords::new(faults());
    a_password_verifies_against_its_hash_alone,
    a_hash_is_salted_and_in_phc_format,
}

unseeded! { token_key of Key::generate(faults()).expect("a key");
    a_signature_verifies_under_the_public_key,
    the_key_s_id_is_its_thumbprint,
    the_public_key_stays_the_same,
}

#[tokio::test]
async fn every_notice_arrives() {
    let queues = Queues::new(Clock::default(), faults(), 10);
    let receive = async |queue: Queue| {
        let received = queues.receive(queue, 10, Duration::from_secs(60));
        received.into_iter().map(|delivery| delivery.notice).collect()
    };
    for seed in SEEDS {
        contract::queues::every_notice_arrives(&queues, receive, seed).await;
    }
}

#[tokio::test]
async fn a_mail_is_sent_as_it_is() {
    let mailer = Mailer::new(faults());
    let sent = async |to: &Email| {
        let taken = mailer.taken().into_iter();
        taken.filter(|mail| mail.to == *to).map(|mail| mail.written).collect()
    };
    for seed in SEEDS {
        contract::mail::a_mail_is_sent_as_it_is(&mailer, sent, seed).await;
    }
}

#[tokio::test]
async fn a_link_is_signed_for_what_it_names() {
    let key = OptOutKey::new(faults());
    for seed in SEEDS {
        contract::mail::a_link_is_signed_for_what_it_names(&key, seed).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_no_more_is_told_of() {
    let sockets = Sockets::new(faults());
    for seed in SEEDS {
        contract::realtime::a_connection_that_is_no_more_is_told_of(&sockets, seed).await;
    }
}
