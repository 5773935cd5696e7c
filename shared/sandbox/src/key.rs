//! What the client calls a charge or a refund by: its `Idempotency-Key`.

use std::fmt;

use domain::field::Invalid;

const LEN_MAX: usize = 128;

/// 1 to 128 letters, digits, hyphens and underscores: stricter than the header, so that it can stand in ids and queries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if (1..=LEN_MAX).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            let detail = format!("must have 1 to {LEN_MAX} letters, digits, hyphens and underscores");
            Err(Invalid::new("invalid_idempotency_key", detail))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in ["a", "pay_01h455vb4pex5vsknk084sn02q-1", &"k".repeat(128)] {
            assert_eq!(Key::parse(good).map(|key| key.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", " ", "a b", "a#b", "ü", &"k".repeat(129)] {
            assert_eq!(Key::parse(bad).map_err(|invalid| invalid.code), Err("invalid_idempotency_key"), "{bad}");
        }
    }
}
