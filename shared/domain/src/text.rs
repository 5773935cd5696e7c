//! Bounded text: names, descriptions, e-mail addresses. Each is parsed once at the edge and trusted from there on.

use std::fmt;

use crate::field::Invalid;

const EMAIL_LEN_MAX: usize = 254;
/// A card number has 13 to 19 digits where it pays (ISO/IEC 7812-1 allows fewer).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// What the numbers of the card networks begin with (ISO/IEC 7812-1, major industry identifiers). Times in milliseconds
/// begin with 1.
const NETWORKS: std::ops::RangeInclusive<u32> = 2..=6;

/// One line of printable text of 1 to `MAX` characters, trimmed, without a card number in it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line<const MAX: usize>(String);

pub type Name = Line<200>;
pub type Sku = Line<100>;
pub type Description = Line<500>;
pub type Reason = Line<200>;

impl<const MAX: usize> Line<MAX> {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::new("too_short", "must not be empty"));
        }
        if text.chars().count() > MAX {
            return Err(Invalid::new("too_long", format!("must have at most {MAX} characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::new("invalid_characters", "must not contain control characters"));
        }
        refuse_card_number(text)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({} characters)", self.0.chars().count())
    }
}

/// An e-mail address, lower-cased, so that one mailbox has one spelling. Its `Debug` is masked.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let invalid = || Invalid::new("invalid_email", "must be an e-mail address");
        let (local, host) = text.rsplit_once('@').ok_or_else(invalid)?;
        let length_fits = text.len() <= EMAIL_LEN_MAX && (1..=64).contains(&local.len());
        let characters_fit =
            text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>(),;:\\\"[]".contains(c));
        let one_at = !local.contains('@');
        let host_fits = host.contains('.') && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
        if !(length_fits && characters_fit && one_at && host_fits) {
            return Err(invalid());
        }
        refuse_card_number(text)?;
        Ok(Self(text.to_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(***)")
    }
}

/// Refuses text that holds a card number: a run of 13 to 19 digits, spaces and hyphens aside, that passes the Luhn check.
pub fn refuse_card_number(text: &str) -> Result<(), Invalid> {
    let mut digits = Vec::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        match c.to_digit(10) {
            Some(digit) => digits.push(digit),
            None if c == ' ' || c == '-' => {}
            None => {
                if looks_like_card_number(&digits) {
                    return Err(Invalid::new(
                        "card_number",
                        "must not contain a card number: send a token of the provider",
                    ));
                }
                digits.clear();
            }
        }
    }
    Ok(())
}

fn looks_like_card_number(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    let is_of_a_network = digits.first().is_some_and(|first| NETWORKS.contains(first));
    is_of_a_network && CARD_DIGITS.contains(&digits.len()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        for good in ["a@b.example", "First.Last+tag@shop.example", " padded@b.example "] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "a@", "@b.example", "a@b", "a b@c.example", "a@b@c.example", "a@.example", "<a@b.example>"]
        {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Email::parse("A@B.Example").map(|e| e.as_str().to_owned()), Ok("a@b.example".to_owned()));
    }

    #[test]
    fn lines_refuse_with_the_reason() {
        let code =
            |text: &str| Line::<5>::parse(text).map_err(|invalid| invalid.code).map(|line| line.as_str().to_owned());
        assert_eq!(code("   "), Err("too_short"));
        assert_eq!(code("sixsix"), Err("too_long"));
        assert_eq!(code("a\nb"), Err("invalid_characters"));
        assert_eq!(code(" abc "), Ok("abc".to_owned()));
    }

    #[test]
    fn card_numbers_are_refused_however_they_are_grouped() {
        for number in ["4242424242424242", "4242 4242 4242 4242", "card: 5555-5555-5555-4444!", "378282246310005"] {
            assert_eq!(Description::parse(number).map_err(|e| e.code), Err("card_number"), "{number}");
        }
        for fine in ["order 20261121-0001", "4242424242424241", "1795264870126", "tel 0123 456 789"] {
            assert!(Description::parse(fine).is_ok(), "{fine}");
        }
    }
}
