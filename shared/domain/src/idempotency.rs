//! Idempotency of requests: the answer to a key is kept for 24 hours and given again to the same request. The record is
//! written in the transaction that has the effect, so there is no state between "claimed" and "done".

use std::time::Duration;

use crate::card_number;
use crate::field::Invalid;
use crate::time::Timestamp;

pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const KEY_LEN_MAX: usize = 255;

/// What a client sends as `Idempotency-Key`: 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits =
            (1..=KEY_LEN_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !fits {
            let detail = format!("must have 1 to {KEY_LEN_MAX} printable ASCII characters");
            return Err(Invalid::new("invalid_idempotency_key", detail));
        }
        // The key is kept with the events of its request.
        card_number::refuse(text)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A digest of what was asked, so that a key is not used for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The claim a request makes on its key, within its tenant and route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The route as documented, such as `POST /v1/payments/{id}/refunds`, with the id filled in.
    pub route: String,
    pub key: IdempotencyKey,
    pub fingerprint: Fingerprint,
}

/// The part of an answer that is given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// A claim with its answer, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub claim: Claim,
    pub answer: Answer,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    Same(Answer),
    OtherRequest,
}

impl Record {
    pub fn new(claim: Claim, answer: Answer, now: Timestamp) -> Self {
        Self { claim, answer, expires_at: now.plus(KEPT_FOR) }
    }

    /// An expired record is free, even while the table still holds it.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// What a second request with this record's key gets.
    pub fn replay(&self, fingerprint: &Fingerprint) -> Replay {
        if self.claim.fingerprint == *fingerprint { Replay::Same(self.answer.clone()) } else { Replay::OtherRequest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in ["a", "5c1f-77", "with space", &"k".repeat(255)] {
            assert!(IdempotencyKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "tab\t", "ümlaut", &"k".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(bad).map_err(|e| e.code), Err("invalid_idempotency_key"), "{bad}");
        }
    }

    #[test]
    fn a_key_is_no_card_number() {
        assert_eq!(IdempotencyKey::parse("order 4242 4242 4242 4242").map_err(|e| e.code), Err("card_number"));
        assert!(IdempotencyKey::parse("1795264870126").is_ok(), "a time in milliseconds may pass the Luhn check");
    }

    #[test]
    fn a_record_lives_24_hours_and_replays_only_its_own_request() {
        let claim = Claim {
            route: "r".into(),
            key: IdempotencyKey::parse("k").expect("valid"),
            fingerprint: Fingerprint([1; 32]),
        };
        let answer = Answer { status: 202, location: None, body: "{}".into() };
        let record = Record::new(claim, answer.clone(), Timestamp::from_ms(0));
        assert!(record.is_live(Timestamp::from_ms(86_399_999)));
        assert!(!record.is_live(Timestamp::from_ms(86_400_000)));
        assert_eq!(record.replay(&Fingerprint([1; 32])), Replay::Same(answer));
        assert_eq!(record.replay(&Fingerprint([2; 32])), Replay::OtherRequest);
    }
}
