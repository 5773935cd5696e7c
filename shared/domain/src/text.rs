//! Bounded text: names, descriptions, e-mail addresses. Each is parsed once at the edge and trusted from there on.

use std::fmt;

use crate::card_number;
use crate::field::Invalid;

const EMAIL_LEN_MAX: usize = 254;
/// One line of printable text of 1 to `MAX` characters, trimmed, without a card number in it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line<const MAX: usize>(String);

pub type Name = Line<200>;
pub type Sku = Line<100>;
pub type Description = Line<500>;
pub type Reason = Line<200>;
/// What a merchant answers to a dispute.
pub type Evidence = Line<4_000>;

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
        card_number::refuse(text)?;
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
        card_number::refuse(text)?;
        Ok(Self(text.to_lowercase()))
    }

    /// An address that mail is sent to: of ASCII alone, since mail goes out without the extension for others (RFC 6531). A
    /// domain with other letters is written in its `xn--` form.
    pub fn parse_mailable(text: &str) -> Result<Self, Invalid> {
        let email = Self::parse(text)?;
        if !email.is_mailable() {
            let detail = "must be of ASCII characters: a domain with others is written in its xn-- form";
            return Err(Invalid::new("invalid_email", detail));
        }
        Ok(email)
    }

    pub fn is_mailable(&self) -> bool {
        self.0.is_ascii()
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
    fn mail_goes_to_ascii_addresses() {
        for good in ["a@b.example", "a@xn--bcher-kva.example"] {
            assert!(Email::parse_mailable(good).is_ok(), "{good}");
        }
        for bad in ["zoë@b.example", "a@bücher.example", "a"] {
            assert_eq!(Email::parse_mailable(bad).map_err(|invalid| invalid.code), Err("invalid_email"), "{bad}");
        }
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
}
