//! JSON values into domain values, for `Fields`.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::access::Role;
use domain::field::Invalid;
use domain::file::{Checksum, ContentType, FileSize};
use domain::identity::Password;
use domain::metadata::Metadata;
use domain::money::{Amount, Currency};
use domain::secret::Secret;
use domain::text::{Email, Line};
use domain::time::Timestamp;
use serde_json::Value;

pub fn text(value: &Value) -> Result<&str, Invalid> {
    value.as_str().ok_or_else(|| Invalid::new("invalid_type", "must be text"))
}

pub fn line<const MAX: usize>(value: &Value) -> Result<Line<MAX>, Invalid> {
    Line::parse(text(value)?)
}

pub fn email(value: &Value) -> Result<Email, Invalid> {
    Email::parse(text(value)?)
}

/// Of somebody who is to be sent mail.
pub fn mailable_email(value: &Value) -> Result<Email, Invalid> {
    Email::parse_mailable(text(value)?)
}

pub fn password(value: &Value) -> Result<Password, Invalid> {
    Password::parse(text(value)?)
}

pub fn secret(value: &Value) -> Result<Secret, Invalid> {
    const LEN_MAX: usize = 1_024;
    let text = text(value)?;
    if text.is_empty() || text.len() > LEN_MAX {
        return Err(Invalid::new("invalid_length", format!("must have 1 to {LEN_MAX} characters")));
    }
    Ok(Secret::new(text))
}

pub fn currency(value: &Value) -> Result<Currency, Invalid> {
    Currency::parse(text(value)?)
}

pub fn amount(value: &Value) -> Result<Amount, Invalid> {
    Amount::new(integer(value)?)
}

/// A number written without a fraction or exponent; one beyond 63 bits is told apart from one that is no integer.
pub fn integer(value: &Value) -> Result<i64, Invalid> {
    match (value.as_i64(), value.as_u64()) {
        (Some(integer), _) => Ok(integer),
        (None, Some(_)) => Err(Invalid::new("too_large", "is too large")),
        (None, None) => {
            Err(Invalid::new("not_an_integer", "must be a whole number, without quotes, fraction or exponent"))
        }
    }
}

pub fn quantity(value: &Value) -> Result<u32, Invalid> {
    const MAX: u32 = 1_000_000;
    u32::try_from(integer(value)?)
        .ok()
        .filter(|quantity| (1..=MAX).contains(quantity))
        .ok_or_else(|| Invalid::new("out_of_range", format!("must be a whole number from 1 to {MAX}")))
}

pub fn role(value: &Value) -> Result<Role, Invalid> {
    Role::parse(text(value)?).ok_or_else(|| Invalid::new("unknown_value", "must be owner, admin, operator or viewer"))
}

pub fn id<T: FromStr>(value: &Value) -> Result<T, Invalid> {
    text(value)?.parse().map_err(|_| Invalid::new("invalid_id", "is not an id of the expected kind"))
}

pub fn truth(value: &Value) -> Result<bool, Invalid> {
    value.as_bool().ok_or_else(|| Invalid::new("invalid_type", "must be true or false"))
}

/// An array of texts.
pub fn texts(value: &Value) -> Result<Vec<String>, Invalid> {
    let array = value.as_array().ok_or_else(|| Invalid::new("invalid_type", "must be an array of texts"))?;
    array.iter().map(|item| text(item).map(str::to_owned)).collect()
}

/// A text that a type of the domain reads, with its own reason for refusing one.
pub fn parsed<T: FromStr<Err = Invalid>>(value: &Value) -> Result<T, Invalid> {
    text(value)?.parse()
}

pub fn time(value: &Value) -> Result<Timestamp, Invalid> {
    api::parse_rfc3339(text(value)?)
        .ok_or_else(|| Invalid::new("invalid_time", "must be an RFC 3339 time, such as 2026-01-31T00:00:00Z"))
}

/// A SHA-256 digest in base64.
pub fn checksum(value: &Value) -> Result<Checksum, Invalid> {
    let digest = BASE64.decode(text(value)?).ok().and_then(|bytes| bytes.try_into().ok());
    let digest = digest.ok_or_else(|| Invalid::new("invalid_checksum", "must be 32 bytes in base64"))?;
    Ok(Checksum(digest))
}

pub fn content_type(value: &Value) -> Result<ContentType, Invalid> {
    let known = || ContentType::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", ");
    let given = text(value)?;
    ContentType::parse(given).ok_or_else(|| Invalid::new("unknown_value", format!("must be one of: {}", known())))
}

pub fn file_size(value: &Value) -> Result<FileSize, Invalid> {
    FileSize::new(integer(value)?)
}

pub fn metadata(value: &Value) -> Result<Metadata, Invalid> {
    let object = value.as_object().ok_or_else(|| Invalid::new("invalid_type", "must be an object of texts"))?;
    let pair = |(key, value): (&String, &Value)| text(value).map(|value| (key.clone(), value.to_owned()));
    Metadata::parse(object.iter().map(pair).collect::<Result<Vec<_>, _>>()?)
}
