//! Reads a JSON body into domain values and hears of every fault at once: unknown fields, missing ones, wrong types and
//! values that the domain refuses, each with its JSON pointer (RFC 6901).

use domain::field::{FieldError, Invalid};
use serde_json::{Map, Value};

use crate::{Code, Problem};

/// The fields of one object, as far as they have been asked for.
pub struct Fields<'a> {
    pointer: String,
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

/// Parses the body as one object. `read` gives `None` only where it has met a fault.
pub fn parse<T>(body: &[u8], read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        Problem::new(
            Code::MalformedBody,
            format!("The body is not JSON at line {}, column {}.", error.line(), error.column()),
        )
    })?;
    let Value::Object(object) = &value else {
        return Err(Problem::new(Code::MalformedBody, "The body must be a JSON object."));
    };
    let (result, errors) = read_object(String::new(), object, read);
    match (result, errors.is_empty()) {
        (Some(result), true) => Ok(result),
        (None, true) => Err(Problem::new(Code::Internal, "The fault is logged under this request_id.")),
        (_, false) => Err(Problem::invalid(errors)),
    }
}

/// How many objects an array of the body holds, where it holds 1 to `max`: for what a request counts for before it is read.
pub(crate) fn count(body: &[u8], name: &str, max: usize) -> Option<usize> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.get(name)?.as_array().map(Vec::len).filter(|count| (1..=max).contains(count))
}

/// As [`parse`], where no body stands for an object without fields.
pub fn parse_optional<T>(body: &[u8], read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Problem> {
    parse(if body.is_empty() { b"{}" } else { body }, read)
}

fn read_object<'a, T>(
    pointer: String,
    object: &'a Map<String, Value>,
    read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
) -> (Option<T>, Vec<FieldError>) {
    let mut fields = Fields { pointer, object, known: Vec::new(), errors: Vec::new() };
    let result = read(&mut fields);
    let Fields { pointer, object, known, mut errors } = fields;
    let unknown = object.keys().filter(|name| !known.contains(&name.as_str()));
    errors.extend(unknown.map(|name| {
        Invalid::new("unknown_field", "is not a field of this request").at(format!("{pointer}/{}", escaped(name)))
    }));
    (result, errors)
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name)
    }

    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    pub(crate) fn refuse(&mut self, name: &str, invalid: Invalid) {
        let pointer = format!("{}/{name}", self.pointer);
        self.errors.push(invalid.at(pointer));
    }

    fn missing(&mut self, name: &str) {
        self.refuse(name, Invalid::new("required", "is required"));
    }

    pub fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Invalid>,
    ) -> Option<T> {
        match self.take(name) {
            None => {
                self.missing(name);
                None
            }
            Some(value) => parse(value).map_err(|invalid| self.refuse(name, invalid)).ok(),
        }
    }

    /// `null` stands for leaving the field out.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Invalid>,
    ) -> Option<T> {
        match self.take(name) {
            None | Some(Value::Null) => None,
            Some(value) => parse(value).map_err(|invalid| self.refuse(name, invalid)).ok(),
        }
    }

    /// `null` is a value of its own: it takes away what is there.
    pub fn nullable<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a Value) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        match self.take(name) {
            None => None,
            Some(Value::Null) => Some(None),
            Some(value) => parse(value).map_err(|invalid| self.refuse(name, invalid)).ok().map(Some),
        }
    }

    /// A required object of its own fields.
    pub fn object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Option<T> {
        match self.take(name) {
            Some(Value::Object(object)) => {
                let (result, errors) = read_object(format!("{}/{name}", self.pointer), object, read);
                self.errors.extend(errors);
                result
            }
            Some(_) => {
                self.refuse(name, Invalid::new("invalid_type", "must be an object"));
                None
            }
            None => {
                self.missing(name);
                None
            }
        }
    }

    /// As [`Fields::object`], where the field may be left out; `null` stands for that.
    pub fn optional_object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.object.get(name) {
            None | Some(Value::Null) => {
                self.known.push(name);
                None
            }
            Some(_) => self.object(name, read),
        }
    }

    /// A required array of 1 to `max` objects. `None` when any of them is faulty.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        max: usize,
        read: impl Fn(&mut Fields<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = self.array(name, max)?;
        let read_items: Vec<Option<T>> =
            items.iter().enumerate().map(|(index, item)| self.item(name, index, item, &read)).collect();
        read_items.into_iter().collect()
    }

    /// As [`Fields::objects`], where the faults of one item are its own and spoil no other.
    pub fn each<T>(
        &mut self,
        name: &'static str,
        max: usize,
        read: impl Fn(&mut Fields<'a>) -> Option<T>,
    ) -> Option<Vec<Result<T, Vec<FieldError>>>> {
        let items = self.array(name, max)?;
        let read_item = |(index, item)| {
            let before = self.errors.len();
            let item = self.item(name, index, item, &read);
            let errors = self.errors.split_off(before);
            item.filter(|_| errors.is_empty()).ok_or(errors)
        };
        Some(items.iter().enumerate().map(read_item).collect())
    }

    fn array(&mut self, name: &'static str, max: usize) -> Option<&'a [Value]> {
        let items = match self.take(name) {
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.refuse(name, Invalid::new("invalid_type", "must be an array"));
                return None;
            }
            None => {
                self.missing(name);
                return None;
            }
        };
        if items.is_empty() || items.len() > max {
            self.refuse(name, Invalid::new("invalid_length", format!("must have 1 to {max} items")));
            return None;
        }
        Some(items)
    }

    fn item<T>(
        &mut self,
        name: &str,
        index: usize,
        item: &'a Value,
        read: impl Fn(&mut Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        let Value::Object(object) = item else {
            self.refuse(&format!("{name}/{index}"), Invalid::new("invalid_type", "must be an object"));
            return None;
        };
        let (result, errors) = read_object(format!("{}/{name}/{index}", self.pointer), object, read);
        self.errors.extend(errors);
        result
    }

    /// A further look at a value that was read, for reasons that only show beside other fields.
    pub fn check<T>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        check: impl FnOnce(&T) -> Result<(), Invalid>,
    ) -> Option<T> {
        let value = value?;
        match check(&value) {
            Ok(()) => Some(value),
            Err(invalid) => {
                self.refuse(name, invalid);
                None
            }
        }
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
