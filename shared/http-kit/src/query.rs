//! Reads query parameters: each at most once, unknown ones refused, all faults at once.

use std::str::FromStr;

use domain::field::{FieldError, Invalid};
use domain::page::{Limit, PageRequest};
use domain::time::Timestamp;

use crate::{Problem, Request};

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

    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.optional(name, |text| {
            api::parse_rfc3339(text)
                .ok_or_else(|| Invalid::new("invalid_time", "must be an RFC 3339 time, such as 2026-01-31T00:00:00Z"))
        })
    }

    /// A time that is not after `now`.
    pub fn past_time(&mut self, name: &'static str, now: Timestamp) -> Option<Timestamp> {
        let time = self.time(name)?;
        if time <= now {
            return Some(time);
        }
        self.errors.push(Invalid::new("in_the_future", "must not be in the future").at(name));
        None
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
