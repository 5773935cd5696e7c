//! The commerce table.

use coffer_aws::CommerceTable;
use contract::World;
use contract::builders::event;
use ports::clock::Clock;
use ports::commerce::{Commerce, Commit, Events};

use crate::place::{aws, create_table, delete_table, seed, unique_name, with_commerce};

macro_rules! contracts {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => {$(
        mod $module {
            use super::*;

            $(
                #[tokio::test]
                #[ignore = "needs the emulator: cargo xtask test"]
                async fn $name() {
                    with_commerce(async |table| {
                        contract::$module::$name(contract::CommerceTable::of(table), seed()).await
                    }).await;
                }
            )+
        }
    )+};
}

contracts! {
    claims: a_second_claim_is_given_the_first_record, every_field_of_a_record_is_kept, an_expired_claim_is_free, a_key_belongs_to_its_tenant_and_route, of_parallel_claims_one_stands, a_live_record_is_found_by_its_claim;
    closings: the_last_closing_before_an_entry_is_found, closings_come_oldest_first, entries_between_two_come_oldest_first;
    commerce: a_commit_writes_all_it_names, a_failed_commit_writes_nothing, the_first_failing_condition_is_told, what_exists_is_not_created_again, an_update_stands_on_the_version_before_it, what_is_missing_is_not_updated, of_parallel_updates_one_stands, the_same_commit_again_has_no_second_effect;
    connections: every_field_of_connections_is_kept, connections_stand_on_the_version_before_them;
    disputes: every_field_of_a_dispute_is_kept, a_dispute_is_changed_by_its_version_alone, disputes_come_newest_first_and_by_status;
    due: payments_are_due_from_their_check_at, refunds_are_due_from_their_check_at, disputes_are_due_from_their_check_at, events_are_due_until_they_are_published, due_lists_keep_to_about_their_limit;
    events: every_field_of_an_event_is_kept, an_event_is_found_by_its_tenant_alone, events_come_newest_first_within_the_range, publishing_changes_no_event;
    holds: a_hold_changes_the_order_as_the_domain_does, holds_are_refused_by_state_currency_amount, an_order_of_nobody_is_not_held, parallel_holds_never_exceed_the_total, a_reservation_changes_the_payment_as_the_domain_does, reservations_are_refused_by_state_amount, a_payment_of_nobody_is_not_refunded, parallel_reservations_never_exceed_what_was_captured;
    journal: every_field_of_a_block_is_kept, a_transaction_is_in_one_block, a_refused_block_leaves_nothing, a_number_is_taken_once, of_parallel_blocks_of_a_number_one_stands, a_block_takes_99_transactions_and_no_more, a_block_changes_nothing_of_its_transactions, transactions_in_no_block_are_left_out_after_their_time;
    ledger: a_transaction_is_found_by_its_source_and_tenant, a_source_is_posted_once, of_parallel_postings_of_a_source_one_stands, a_transaction_is_reversed_once, a_balance_is_the_sum_of_parallel_postings, pending_is_kept_apart_from_posted, accounts_are_listed_by_id_once_booked_on, entries_come_newest_first;
    orders: every_field_of_an_order_is_kept, an_order_is_found_by_its_tenant_alone, a_batch_finds_the_tenant_s_orders_alone, orders_come_newest_first, pages_of_orders_stay_while_orders_arrive, an_order_is_listed_under_its_present_state, filters_of_orders_apply_together;
    payments: every_field_of_a_payment_is_kept, a_payment_is_found_by_its_tenant_alone, a_batch_finds_the_tenant_s_payments_alone, payments_come_newest_first, pages_of_payments_stay_while_payments_arrive, a_payment_is_listed_under_its_present_state, filters_of_payments_apply_together;
    refunds: every_field_of_a_refund_is_kept, a_refund_is_found_below_its_payment_and_tenant_alone, refunds_come_newest_first;
    fees: the_last_fee_settings_stand_in_every_field;
    statements: every_field_of_a_statement_is_kept, all_lines_of_a_statement_come_in_their_order, any_part_of_the_differences_is_read_in_their_order, a_statement_ends_once, statements_come_newest_first, statements_are_due_until_they_end, what_a_provider_calls_so_is_found_by_its_reference;
    verification: rows_are_found_as_they_were_written, every_transaction_is_on_one_page, entries_come_oldest_first_from_an_id, a_tenant_is_due_from_its_first_block_on, progress_is_kept_until_it_is_taken_back;
    wallets: every_field_of_a_wallet_is_kept, a_wallet_is_found_by_its_tenant_and_account_alone, wallets_come_newest_first_while_wallets_arrive, what_needs_a_wallet_is_refused_without_one, parallel_spending_never_overdraws, what_is_reserved_cannot_be_spent, a_refund_into_a_wallet_is_spent_once_it_is_there;
}

/// The table drops what has expired, also what no sweep has found yet.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn an_event_that_no_queue_has_seen_does_not_expire() {
    let (aws, world, name) = (aws(), World::new(seed()), unique_name("commerce"));
    create_table(&aws, &name, true).await;
    let table = CommerceTable::new(&aws, name.as_str());
    let event = event(world.tenant(), world.mint());
    let (tenant, now) = (event.tenant, world.now());
    let commit = Commit { tenant, record: None, changes: Vec::new(), events: vec![event.clone()], now };
    table.commit(commit).await.expect("committed");
    let expires_at = async || {
        let rows = aws.dynamodb().scan().table_name(&name).send().await.expect("scanned").items.expect("a row");
        rows[0].get("expires_at").and_then(|value| value.as_n().ok()).cloned()
    };
    assert_eq!(expires_at().await, None);
    table.mark_published(&event).await.expect("marked");
    assert_eq!(expires_at().await, Some(event.expires_at().as_seconds().to_string()));
    delete_table(&aws, &name).await;
}
