//! Typed, prefixed, time-ordered identifiers in the TypeID form: `<prefix>_<26 characters>`, where the characters are a
//! UUIDv7 in lower-case Crockford base32. Text order is time order.

use std::fmt;
use std::str::FromStr;

use crate::time::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ENCODED_LEN: usize = 26;
const TIME_BITS_BELOW: u32 = 80;

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {prefix}_...")]
pub struct InvalidId {
    pub prefix: &'static str,
}

/// Builds the 128 bits of a UUIDv7 (RFC 9562, section 5.7) of a moment and 74 or more random bits.
pub fn uuid_v7(at: Timestamp, random: u128) -> u128 {
    const VERSION: u128 = 0x7 << 76;
    const VARIANT: u128 = 0x2 << 62;
    const RANDOM_MASK: u128 = (0xfff << 64) | 0x3fff_ffff_ffff_ffff;
    let millis = (at.as_ms().max(0) as u128) & 0xffff_ffff_ffff;
    (millis << TIME_BITS_BELOW) | VERSION | VARIANT | (random & RANDOM_MASK)
}

/// Any typed id, so that ids can be minted by type.
pub trait TypedId: Copy {
    fn from_bits(value: u128) -> Self;
}

fn encode(value: u128) -> [u8; ENCODED_LEN] {
    let mut out = [0_u8; ENCODED_LEN];
    for (index, slot) in out.iter_mut().enumerate() {
        let shift = 5 * (ENCODED_LEN - 1 - index);
        *slot = ALPHABET[((value >> shift) & 31) as usize];
    }
    out
}

fn decode(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    let too_large_for_128_bits = bytes.first().is_none_or(|first| *first > b'7');
    if bytes.len() != ENCODED_LEN || too_large_for_128_bits {
        return None;
    }
    bytes.iter().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|symbol| symbol == byte)?;
        Some((value << 5) | digit as u128)
    })
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn from_u128(value: u128) -> Self {
                Self(value)
            }

            pub fn as_u128(self) -> u128 {
                self.0
            }

            /// When it was made, to the millisecond.
            pub fn made_at(self) -> Timestamp {
                Timestamp::from_ms((self.0 >> TIME_BITS_BELOW) as i64)
            }

            /// The smallest id of a millisecond: the bound of a created-at range.
            pub fn floor_at(at: Timestamp) -> Self {
                Self((at.as_ms().max(0) as u128 & 0xffff_ffff_ffff) << TIME_BITS_BELOW)
            }
        }

        impl TypedId for $name {
            fn from_bits(value: u128) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let encoded = encode(self.0);
                write!(f, concat!($prefix, "_{}"), std::str::from_utf8(&encoded).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }
    )*};
}

typed_ids! {
    /// A merchant: the outermost scope of everything.
    TenantId = "ten";
    UserId = "usr";
    SessionId = "ses";
    ClientId = "cli";
    OrderId = "ord";
    PaymentId = "pay";
    RefundId = "ref";
    DisputeId = "dsp";
    EventId = "evt";
    WebhookEndpointId = "whe";
    /// What a provider says it has moved in a period.
    StatementId = "stm";
    FileId = "fil";
    /// That a file is attached to an order.
    AttachmentId = "att";
    JobId = "job";
    /// What asks for jobs at certain times.
    ScheduleId = "sch";
    /// A message that a worker could not do.
    DeadLetterId = "dlt";
    /// A customer's wallet; with its currency it is the wallet's account id.
    WalletId = "acc_wallet";
    /// One balanced ledger transaction.
    TransactionId = "txn";
    /// One line of a ledger transaction.
    EntryId = "ent";
    /// One HTTP request or one worker invocation.
    RequestId = "req";
}

#[cfg(test)]
mod tests {
    use super::*;
    use mti::prelude::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_back(value: u128) {
            let id = PaymentId::from_u128(value);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn text_order_is_number_order(a: u128, b: u128) {
            let (a, b) = (PaymentId::from_u128(a), PaymentId::from_u128(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn a_public_typeid_library_agrees(at in 0_i64..(1 << 48), random: u128) {
            let id = OrderId::from_u128(uuid_v7(Timestamp::from_ms(at), random));
            let theirs = MagicTypeId::from_str(&id.to_string());
            prop_assert!(theirs.is_ok(), "{:?} refused", id);
            let theirs = theirs.expect("just seen to be ok");
            prop_assert_eq!(theirs.prefix().as_str(), "ord");
            prop_assert_eq!(theirs.suffix().to_uuid().as_u128(), id.as_u128());
        }

        #[test]
        fn anything_else_is_refused(text in "\\PC*") {
            if let Ok(id) = text.parse::<PaymentId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn another_kind_upper_case_and_overflow_are_refused() {
        let id = PaymentId::from_u128(u128::MAX).to_string();
        assert_eq!(id, "pay_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        for wrong in [
            id.replace("pay", "ord"),
            id.to_uppercase(),
            id.replace("pay_7", "pay_8"),
            id[..id.len() - 1].to_owned(),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<PaymentId>(), Err(InvalidId { prefix: "pay" }), "{wrong}");
        }
    }
}
