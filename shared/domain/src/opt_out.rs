//! How a reader says that no more mail is wanted: by a link in the mail, which needs no login. It names tenant and reader, by
//! the hash of the address, and carries a signature that only Coffer can make.

use std::fmt;
use std::str::FromStr;

use crate::hex::{self, Hex};
use crate::ids::TenantId;
use crate::mail::AddressHash;

/// Whose mail is not wanted any more, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptOut {
    pub tenant: TenantId,
    pub address: AddressHash,
}

impl OptOut {
    /// What the signature is of: nothing else that is signed with the key begins so.
    pub fn signed_text(&self) -> String {
        format!("opt-out {} {}", self.tenant, self.address)
    }
}

/// What a link carries. It works without a login: its `Debug` is masked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OptOutToken {
    pub of: OptOut,
    pub signature: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no link of ours")]
pub struct NoOptOutToken;

impl fmt::Debug for OptOutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OptOutToken(***)")
    }
}

impl fmt::Display for OptOutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of: OptOut { tenant, address }, signature } = self;
        write!(f, "{tenant}.{address}.{}", Hex(signature))
    }
}

impl FromStr for OptOutToken {
    type Err = NoOptOutToken;

    fn from_str(text: &str) -> Result<Self, NoOptOutToken> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(NoOptOutToken);
        let tenant = part()?.parse().map_err(|_| NoOptOutToken)?;
        let address = part()?.parse().map_err(|_| NoOptOutToken)?;
        let signature = hex::parse(part()?).ok_or(NoOptOutToken)?;
        match parts.next() {
            None => Ok(Self { of: OptOut { tenant, address }, signature }),
            Some(_) => Err(NoOptOutToken),
        }
    }
}

/// Where a mail's reader says so. It works without a login: its `Debug` is masked.
#[derive(Clone, PartialEq, Eq)]
pub struct OptOutLink(String);

impl OptOutLink {
    /// `public_url` is the API as its clients see it.
    pub fn new(public_url: &str, token: OptOutToken) -> Self {
        Self(format!("{public_url}/unsubscribe?token={token}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OptOutLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OptOutLink(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_read_back(tenant: u128, address: [u8; 32], signature: [u8; 32]) {
            let of = OptOut { tenant: TenantId::from_u128(tenant), address: AddressHash(address) };
            let token = OptOutToken { of, signature };
            prop_assert_eq!(token.to_string().parse(), Ok(token));
        }

        #[test]
        fn nothing_else_is_taken(text in "[a-z0-9._]{0,200}") {
            prop_assert!(text.parse::<OptOutToken>().map(|token| token.to_string()).is_ok_and(|again| again == text)
                || text.parse::<OptOutToken>().is_err());
        }
    }

    #[test]
    fn what_is_signed_names_both() {
        let of = |tenant, address| OptOut { tenant: TenantId::from_u128(tenant), address: AddressHash([address; 32]) };
        let texts = [of(1, 1), of(1, 2), of(2, 1)].map(|of| of.signed_text());
        assert!(texts[0] != texts[1] && texts[0] != texts[2] && texts[1] != texts[2]);
    }
}
