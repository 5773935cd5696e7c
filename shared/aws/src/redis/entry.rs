//! How a cache entry is written: its version, then `:` and the body, or `-` alone for what is gone.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use ports::cache::CacheEntry;

const BODY_LIFETIME: Duration = Duration::from_secs(300);
/// Long enough for any reader that began before the deletion to be done.
const GONE_LIFETIME: Duration = Duration::from_secs(60);

pub(super) fn encode(entry: &CacheEntry) -> String {
    let CacheEntry { version, body } = entry;
    match body {
        Some(body) => format!("{version}:{body}"),
        None => format!("{version}-"),
    }
}

/// What is not of this form was not written here: a miss.
pub(super) fn decode(text: &str) -> Option<CacheEntry> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (version, rest) = text.split_at(digits);
    let version = version.parse().ok()?;
    match rest.strip_prefix(':') {
        Some(body) => Some(CacheEntry { version, body: Some(body.to_owned()) }),
        None => (rest == "-").then_some(CacheEntry { version, body: None }),
    }
}

/// Within a tenth of the nominal time, by name and version: entries stored at one moment do not expire at one moment.
pub(super) fn lifetime(name: &str, entry: &CacheEntry) -> Duration {
    if entry.body.is_none() {
        return GONE_LIFETIME;
    }
    let mut hasher = DefaultHasher::new();
    (name, entry.version).hash(&mut hasher);
    let percent = 90 + u32::try_from(hasher.finish() % 21).unwrap_or(0);
    BODY_LIFETIME * percent / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back() {
        for entry in [
            CacheEntry { version: 1, body: Some("{}".to_owned()) },
            CacheEntry { version: u64::MAX, body: Some(String::new()) },
            CacheEntry { version: 3, body: Some("1:2-é".to_owned()) },
            CacheEntry { version: 12, body: None },
        ] {
            assert_eq!(decode(&encode(&entry)), Some(entry));
        }
        for other in ["", "12", "x", ":{}", "-", "1-x", "1éx", "99999999999999999999999:x"] {
            assert_eq!(decode(other), None, "{other}");
        }
    }

    #[test]
    fn lifetimes_spread_by_a_tenth_either_way() {
        let of = |version| lifetime("name", &CacheEntry { version, body: Some(String::new()) }).as_secs();
        let all: Vec<u64> = (0..1_000).map(of).collect();
        assert_eq!((all.iter().min(), all.iter().max()), (Some(&270), Some(&330)));
        assert_eq!(lifetime("name", &CacheEntry { version: 1, body: None }), GONE_LIFETIME);
    }
}
