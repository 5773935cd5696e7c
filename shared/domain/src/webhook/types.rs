//! Which events an endpoint wants: all of them, or named types and whole families (`order.*`).

use crate::event::EventType;
use crate::field::Invalid;

const NAMES_MAX: usize = 50;

/// Names as the client wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypeFilter(Option<Vec<String>>);

impl TypeFilter {
    /// `None` is every public type, also those that do not exist yet.
    pub fn parse(names: Option<Vec<String>>) -> Result<Self, Invalid> {
        let Some(names) = names else { return Ok(Self(None)) };
        if names.is_empty() || names.len() > NAMES_MAX {
            return Err(Invalid::new(
                "invalid_length",
                format!("must have 1 to {NAMES_MAX} items, or be null for all"),
            ));
        }
        for name in &names {
            let is_known = EventType::ALL.iter().any(|kind| kind.is_public() && fits(name, *kind));
            if !is_known {
                let detail = "must name types of events such as payment.succeeded, or families such as order.*";
                return Err(Invalid::new("unknown_value", detail));
            }
        }
        Ok(Self(Some(names)))
    }

    pub fn names(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    pub fn wants(&self, kind: EventType) -> bool {
        kind.is_public() && self.0.as_ref().is_none_or(|names| names.iter().any(|name| fits(name, kind)))
    }
}

fn fits(name: &str, kind: EventType) -> bool {
    match name.strip_suffix(".*") {
        Some(family) => kind.as_str().split_once('.').is_some_and(|(noun, _)| noun == family),
        None => name == kind.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(names: &[&str]) -> Vec<&'static str> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let filter = TypeFilter::parse(Some(names)).expect("a filter");
        EventType::ALL.iter().filter(|kind| filter.wants(**kind)).map(|kind| kind.as_str()).collect()
    }

    #[test]
    fn types_and_families() {
        assert_eq!(wanted(&["payment.succeeded"]), ["payment.succeeded"]);
        assert_eq!(wanted(&["refund.*"]), ["refund.created", "refund.succeeded", "refund.failed"]);
        assert_eq!(wanted(&["refund.failed", "wallet.*"]), ["refund.failed", "wallet.created"]);
        let all = TypeFilter::default();
        assert!(EventType::ALL.iter().all(|kind| all.wants(*kind) == kind.is_public()));
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for bad in [
            "",
            "*",
            "order",
            "order.",
            "order.**",
            "order.*.*",
            "ord.*",
            "payment.exploded",
            "realtime_socket.*",
            "Order.*",
        ] {
            assert_eq!(
                TypeFilter::parse(Some(vec![bad.to_owned()])).map_err(|e| e.code),
                Err("unknown_value"),
                "{bad}"
            );
        }
        assert_eq!(TypeFilter::parse(Some(Vec::new())).map_err(|e| e.code), Err("invalid_length"));
    }

    proptest! {
        #[test]
        fn a_family_is_its_types_one_by_one(index in 0..EventType::ALL.len()) {
            let kind = EventType::ALL[index];
            prop_assume!(kind.is_public());
            let (noun, _) = kind.as_str().split_once('.').expect("two parts");
            let one_by_one: Vec<&str> = EventType::ALL
                .iter()
                .filter(|other| other.is_public() && other.as_str().starts_with(&format!("{noun}.")))
                .map(|other| other.as_str())
                .collect();
            prop_assert_eq!(wanted(&[&format!("{noun}.*")]), one_by_one);
        }
    }
}
