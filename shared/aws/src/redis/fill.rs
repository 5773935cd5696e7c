//! Who fills an entry that is not there: the one that the script gave a lease. The others look again, less and less often,
//! until the entry is there, the lease has run out and is theirs, or they have waited long enough.
//!
//! The lease is nobody's to give back. It ends by itself, and once there is an entry nobody looks at it. A filler that is
//! slower than its lease does no harm either: entries carry versions, so what it puts never replaces anything newer.

use std::time::Duration;

use domain::ids::TenantId;
use ports::cache::{CacheKey, FILL_AWAITED_FOR, FILL_LEASE, Lookup};

use super::connection::{Call, Connection};
use super::script::Script;
use super::{entry, keys};

/// Pauses between looks: a read of the table mostly takes less than the first two.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(75),
];

const _: () = assert!(total(PAUSES) == FILL_AWAITED_FOR.as_millis(), "the pauses are what is waited");

const fn total(pauses: [Duration; 5]) -> u128 {
    let mut sum = 0;
    let mut index = 0;
    while index < pauses.len() {
        sum += pauses[index].as_millis();
        index += 1;
    }
    sum
}

/// What an entry's text and the lease say. A text that was not written here is read past, and waited for by nobody.
pub(super) fn lookup(text: Option<&str>, has_lease: bool) -> Lookup {
    match (text.map(entry::decode), has_lease) {
        (Some(Some(entry)), false) => Lookup::Hit(entry),
        (Some(Some(entry)), true) => Lookup::Due(entry),
        (Some(None), _) => Lookup::Unknown,
        (None, true) => Lookup::Miss,
        (None, false) => Lookup::Filling,
    }
}

pub(super) async fn awaited(connection: &Connection, look: &Script, tenant: TenantId, key: CacheKey) -> Lookup {
    let names = [keys::entry(tenant, Some(key)), keys::lease(tenant, Some(key))];
    let arguments = [FILL_LEASE.as_millis().to_string()];
    for pause in PAUSES {
        tokio::time::sleep(pause).await;
        let call = Call::Script { script: look, keys: &names, arguments: &arguments };
        let answer: Result<(Option<String>, bool), _> = connection.call("look for an entry", call).await;
        // Away: the connection has said so, and the table has the answer.
        let Ok((text, has_lease)) = answer else { return Lookup::Unknown };
        let found = lookup(text.as_deref(), has_lease);
        if found != Lookup::Filling {
            return found;
        }
    }
    Lookup::Filling
}

#[cfg(test)]
mod tests {
    use ports::cache::CacheEntry;

    use super::*;

    #[test]
    fn what_text_and_lease_say() {
        let entry = CacheEntry { version: 1, body: Some("{}".to_owned()) };
        let gone = CacheEntry { version: 2, body: None };
        for (text, has_lease, expected) in [
            (Some("1:{}"), false, Lookup::Hit(entry.clone())),
            (Some("1:{}"), true, Lookup::Due(entry)),
            (Some("2-"), false, Lookup::Hit(gone)),
            (Some("other"), false, Lookup::Unknown),
            (Some("other"), true, Lookup::Unknown),
            (None, true, Lookup::Miss),
            (None, false, Lookup::Filling),
        ] {
            assert_eq!(lookup(text, has_lease), expected, "{text:?}, {has_lease}");
        }
    }
}
