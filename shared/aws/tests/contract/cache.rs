//! The cache while it is there, in Redis or Valkey.

use crate::place::{redis, seed};

macro_rules! contracts {
    ($($name:ident),+ $(,)?) => {$(
        #[tokio::test]
        #[ignore = "needs the emulator: cargo xtask test"]
        async fn $name() {
            contract::cache::$name(&redis(), seed()).await;
        }
    )+};
}

contracts! {
    admissions_are_decided_as_the_domain_does,
    callers_and_classes_are_limited_apart,
    what_was_put_is_found_by_key_and_tenant,
    the_newest_version_stays,
    a_refused_call_gets_no_entry,
    a_revoked_session_s_calls_are_told,
    a_revoked_user_s_older_tokens_are_told,
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn the_cache_answers_a_ping() {
    contract::cache::the_cache_answers_a_ping(&redis()).await;
}
