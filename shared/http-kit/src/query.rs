//! Reads query parameters: each at most once, unknown ones refused, all faults at once.

use std::str::FromStr;

use app::expand::Path;
use domain::field::{FieldError, Invalid};
use domain::page::{Limit, PageRequest};
use domain::time::Timestamp;

use crate::{Problem, Request};

const EXPAND: &str = "expand[]";
const EXPAND_MAX: usize = 4;
/// A payment and an order with all their metadata and lines are below 100 KB; a function answers with 6 MB at most
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const EXPANDED_LIMIT_MAX: usize = 50;

pub struct Query<'a> {
    request: &'a Request,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<'a> Query<'a> {
    pub fn new(request: &'a Request) -> Self {
        Self { request, known: Vec::new(), errors: Vec::new() }
    }

    pub fn optional<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        self.known.push(name);
        let mut values = self.request.query.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let value = values.next()?;
        if values.next().is_some() {
            self.errors.push(Invalid::new("repeated", "must be given once").at(name));
            return None;
        }
        parse(value).map_err(|invalid| self.errors.push(invalid.at(name))).ok()
    }

    /// `limit` and `cursor`, as every list takes them.
    pub fn page<Id: FromStr>(&mut self) -> PageRequest<Id> {
        let limit = self.optional("limit", |text| {
            let number = text.parse::<i64>().map_err(|_| Invalid::new("not_an_integer", "must be a whole number"))?;
            Limit::new(number)
        });
        let after = self.optional("cursor", |text| {
            text.parse().map_err(|_| Invalid::new("invalid_cursor", "must be a next_cursor of this list"))
        });
        PageRequest { limit: limit.unwrap_or_default(), after }
    }

    /// `expand[]`, once for each of [`EXPAND_MAX`] paths at most; each is one of `known`.
    pub fn expand(&mut self, known: &[Path]) -> Vec<Path> {
        self.known.push(EXPAND);
        let given = self.request.query.iter().filter(|(name, _)| name == EXPAND).map(|(_, path)| path.as_str());
        let given: Vec<&str> = given.collect();
        if given.len() > EXPAND_MAX {
            let detail = format!("must be given {EXPAND_MAX} times at most");
            self.errors.push(Invalid::new("invalid_length", detail).at(EXPAND));
            return Vec::new();
        }
        let mut paths = Vec::new();
        for path in given {
            match known.iter().find(|known| known.as_str() == path) {
                Some(path) => paths.push(*path),
                None => self.errors.push(unknown_path(path, known)),
            }
        }
        paths
    }

    /// As [`Query::page`], with `expand[]`: an expanded page is shorter, so that its answer stays within what a function may
    /// answer with.
    pub fn expanded_page<Id: FromStr>(&mut self, known: &[Path]) -> (PageRequest<Id>, Vec<Path>) {
        let (page, paths) = (self.page(), self.expand(known));
        if !paths.is_empty() && page.limit.get() > EXPANDED_LIMIT_MAX {
            let detail = format!("must be a whole number from 1 to {EXPANDED_LIMIT_MAX} with {EXPAND}");
            self.errors.push(Invalid::new("out_of_range", detail).at("limit"));
        }
        (page, paths)
    }

    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.optional(name, |text| {
            api::parse_rfc3339(text)
                .ok_or_else(|| Invalid::new("invalid_time", "must be an RFC 3339 time, such as 2026-01-31T00:00:00Z"))
        })
    }

    /// A time that is not after `now`.
    pub fn past_time(&mut self, name: &'static str, now: Timestamp) -> Option<Timestamp> {
        let past = self.time(name)?.not_after(now);
        past.map_err(|invalid| self.errors.push(invalid.at(name))).ok()
    }

    pub fn one_of<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.optional(name, |text| {
            parse(text).ok_or_else(|| Invalid::new("unknown_value", "is not one of the known values"))
        })
    }

    pub fn finish(self) -> Result<(), Problem> {
        let Self { request, known, mut errors } = self;
        let unknown = request.query.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        errors.extend(unknown.map(|(name, _)| {
            let name: String = name.chars().take(64).collect();
            Invalid::new("unknown_parameter", "is not a parameter of this request").at(name)
        }));
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

fn unknown_path(path: &str, known: &[Path]) -> FieldError {
    let path: String = path.chars().filter(|c| !c.is_control()).take(64).collect();
    let known: Vec<&str> = known.iter().map(|known| known.as_str()).collect();
    Invalid::new("unknown_value", format!("{path:?} cannot be expanded here; {} can", known.join(", "))).at(EXPAND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::OrderId;

    fn faults(query: &[(&str, &str)]) -> Vec<String> {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request { query, ..Request::default() };
        let mut query = Query::new(&request);
        query.page::<OrderId>();
        query.time("created_from");
        let problem = query.finish().err();
        problem.into_iter().flat_map(|p| p.errors).map(|e| format!("{} {}", e.pointer, e.code)).collect()
    }

    #[test]
    fn limits_are_1_to_100() {
        for good in ["1", "100"] {
            assert_eq!(faults(&[("limit", good)]), Vec::<String>::new());
        }
        for (bad, code) in
            [("0", "out_of_range"), ("101", "out_of_range"), ("-1", "out_of_range"), ("x", "not_an_integer")]
        {
            assert_eq!(faults(&[("limit", bad)]), [format!("limit {code}")]);
        }
    }

    // D11
    #[test]
    fn paths_to_expand_are_known_and_few() {
        let expand = |paths: &[&str], limit: &str| {
            let paths = paths.iter().map(|path| (EXPAND.to_owned(), (*path).to_owned()));
            let query = paths.chain([("limit".to_owned(), limit.to_owned())]).collect();
            let request = Request { query, ..Request::default() };
            let mut query = Query::new(&request);
            let (_, paths) = query.expanded_page::<OrderId>(Path::OF_REFUND);
            let problem = query.finish().err();
            (paths, problem.into_iter().flat_map(|p| p.errors).map(|e| format!("{} {}", e.pointer, e.detail)).collect())
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(expand(&[], "100"), (Vec::new(), none.clone()));
        assert_eq!(expand(&["payment.order", "order"], "50"), (vec![Path::PaymentOrder, Path::Order], none));
        let unknown = "\"payment.order.payments\" cannot be expanded here; order, payment, payment.order can";
        for (paths, limit, fault) in [
            (vec!["payment.order.payments"], "1", format!("{EXPAND} {unknown}")),
            (vec!["order"; 5], "1", format!("{EXPAND} must be given 4 times at most")),
            (vec!["order"], "51", format!("limit must be a whole number from 1 to 50 with {EXPAND}")),
        ] {
            assert_eq!(expand(&paths, limit).1, [fault], "{paths:?}");
        }
    }

    #[test]
    fn all_faults_at_once() {
        let query =
            [("limit", "0"), ("cursor", "pay_1"), ("created_from", "now"), ("created_from", "x"), ("color", "red")];
        assert_eq!(
            faults(&query),
            ["limit out_of_range", "cursor invalid_cursor", "created_from repeated", "color unknown_parameter"]
        );
    }
}
