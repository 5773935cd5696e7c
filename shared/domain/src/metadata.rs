//! A client's own notes on a resource: up to 50 keys of 40 characters with values of 500.

use std::collections::BTreeMap;

use crate::card_number;
use crate::field::Invalid;

const KEYS_MAX: usize = 50;
const KEY_LEN_MAX: usize = 40;
const VALUE_LEN_MAX: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, Invalid> {
        let pairs: BTreeMap<String, String> = pairs.into_iter().collect();
        if pairs.len() > KEYS_MAX {
            return Err(Invalid::new("too_many_keys", format!("must have at most {KEYS_MAX} keys")));
        }
        for (key, value) in &pairs {
            if key.is_empty() || key.chars().count() > KEY_LEN_MAX {
                return Err(Invalid::new("invalid_key", format!("keys must have 1 to {KEY_LEN_MAX} characters")));
            }
            if value.chars().count() > VALUE_LEN_MAX {
                return Err(Invalid::new("too_long", format!("values must have at most {VALUE_LEN_MAX} characters")));
            }
            card_number::refuse(key)?;
            card_number::refuse(value)?;
        }
        Ok(Self(pairs))
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(pairs: Vec<(String, String)>) -> Result<(), &'static str> {
        Metadata::parse(pairs).map(|_| ()).map_err(|invalid| invalid.code)
    }

    #[test]
    fn limits() {
        let pair = |key: usize, value: usize| ("k".repeat(key), "v".repeat(value));
        let keys = |count: usize| (0..count).map(|n| (n.to_string(), String::new())).collect::<Vec<_>>();
        assert_eq!(code(vec![pair(40, 500)]), Ok(()));
        assert_eq!(code(vec![pair(0, 1)]), Err("invalid_key"));
        assert_eq!(code(vec![pair(41, 1)]), Err("invalid_key"));
        assert_eq!(code(vec![pair(1, 501)]), Err("too_long"));
        assert_eq!(code(keys(50)), Ok(()));
        assert_eq!(code(keys(51)), Err("too_many_keys"));
        assert_eq!(code(vec![("card".into(), "4242 4242 4242 4242".into())]), Err("card_number"));
    }
}
