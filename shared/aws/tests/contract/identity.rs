//! The identity table.

use crate::place::{seed, with_identity};

macro_rules! contracts {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => {$(
        mod $module {
            use super::*;

            $(
                #[tokio::test]
                #[ignore = "needs the emulator: cargo xtask test"]
                async fn $name() {
                    with_identity(async |table| {
                        contract::$module::$name(contract::IdentityTable::of(table), seed()).await
                    }).await;
                }
            )+
        }
    )+};
}

contracts! {
    limits: a_limit_is_the_domain_s, callers_and_classes_have_limits_of_their_own, calls_at_once_share_a_limit;
    attempts: attempts_are_counted_in_their_window, scopes_are_counted_apart, parallel_attempts_are_all_counted, parallel_attempts_begin_one_window, forgotten_attempts_do_not_count;
    identity: a_tenant_comes_with_its_owner, a_tenant_is_created_once, every_field_of_a_user_is_kept, a_user_is_found_by_their_tenant_alone, an_address_belongs_to_one_user_of_a_tenant, of_parallel_users_with_an_address_one_stands, a_user_s_conditions_are_told_in_order, an_expired_claim_on_a_user_is_free, users_come_newest_first, the_eldest_users_come_oldest_first, a_user_is_updated_on_the_version_before, an_update_does_not_change_the_address, a_deleted_user_is_gone_with_their_login;
    sessions: a_session_is_found_by_its_tenant_alone, each_token_is_exchanged_for_the_next, a_used_token_ends_its_session, of_two_with_a_token_one_is_rotated, what_is_not_a_live_session_s_token_is_gone, a_session_is_ended_once, nobody_ends_another_tenant_s_session;
}
