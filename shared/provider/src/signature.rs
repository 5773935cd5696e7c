//! The signature under a provider's event: `t=<unix seconds>,v1=<hex>`, where `v1` is the HMAC-SHA256 (RFC 2104) of
//! `<t>.<raw body>`. Stripe made the scheme (<https://docs.stripe.com/webhooks#verify-manually>); the sandbox signs the same
//! way.

use aws_lc_rs::hmac;
use domain::hex::Hex;
use domain::secret::Secret;
use domain::time::Timestamp;
use ports::provider::NoticeRefusal;

/// How old a signature may be, and how far ahead its clock: a recorded event cannot be played again later.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

/// The header's value for a body that is sent at a moment.
pub fn sign(secret: &Secret, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.as_seconds();
    format!("t={seconds},v1={}", Hex(tag(secret, &seconds.to_string(), body).as_ref()))
}

/// Whether the header proves the body. Of several `v1`, as while a secret is exchanged, one has to.
pub(crate) fn verify(secret: &Secret, header: &str, body: &[u8], now: Timestamp) -> Result<(), NoticeRefusal> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) => time = Some(text),
            Some(("v1", text)) => signatures.extend(bytes(text)),
            _ => {}
        }
    }
    let time = time.ok_or(NoticeRefusal::BadSignature)?;
    let seconds: i64 = time.parse().map_err(|_| NoticeRefusal::BadSignature)?;
    let message = [time.as_bytes(), b".", body].concat();
    let key = key(secret);
    if !signatures.iter().any(|signature| hmac::verify(&key, &message, signature).is_ok()) {
        return Err(NoticeRefusal::BadSignature);
    }
    let is_in_time = now.as_seconds().abs_diff(seconds) <= TOLERANCE_SECONDS.unsigned_abs();
    if is_in_time { Ok(()) } else { Err(NoticeRefusal::OutOfTime) }
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes())
}

fn tag(secret: &Secret, time: &str, body: &[u8]) -> hmac::Tag {
    hmac::sign(&key(secret), &[time.as_bytes(), b".", body].concat())
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pair = |index: usize| u8::from_str_radix(hex.get(index..index + 2)?, 16).ok();
    (hex.len() == 64).then(|| (0..32).map(|index| pair(2 * index)).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

    fn secret() -> Secret {
        Secret::new("whsec_of_the_sandbox")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(NOW.as_ms() + 1_000 * seconds)
    }

    /// RFC 4231, test case 2.
    #[test]
    fn the_mac_is_the_standard_one() {
        let tag = hmac::sign(&key(&Secret::new("Jefe")), b"what do ya want for nothing?");
        assert_eq!(Hex(tag.as_ref()).to_string(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn what_was_signed_is_good_for_five_minutes_either_way() {
        let header = sign(&secret(), NOW, b"{}");
        for (seconds, expected) in [
            (0, Ok(())),
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(NoticeRefusal::OutOfTime)),
            (-301, Err(NoticeRefusal::OutOfTime)),
        ] {
            assert_eq!(verify(&secret(), &header, b"{}", at(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let header = sign(&secret(), NOW, b"{}");
        let (time, signature) = header.split_once(',').expect("two parts");
        for (name, header, body) in [
            ("another body", header.clone(), b"{ }".as_slice()),
            ("another time", format!("t=1700000001,{signature}"), b"{}"),
            ("no time", signature.to_owned(), b"{}"),
            ("no signature", time.to_owned(), b"{}"),
            ("an older scheme", header.replace("v1", "v0"), b"{}"),
            ("no hexadecimal", format!("{time},v1={}", "zz".repeat(32)), b"{}"),
            ("a cut one", header[..header.len() - 1].to_owned(), b"{}"),
            ("nothing", String::new(), b"{}"),
        ] {
            assert_eq!(verify(&secret(), &header, body, NOW), Err(NoticeRefusal::BadSignature), "{name}");
        }
        let theirs = sign(&Secret::new("another"), NOW, b"{}");
        assert_eq!(verify(&secret(), &theirs, b"{}", NOW), Err(NoticeRefusal::BadSignature));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let ours = sign(&secret(), NOW, b"{}");
        let (_, signature) = ours.split_once(',').expect("two parts");
        let both = format!("{},{signature}", sign(&Secret::new("the next"), NOW, b"{}"));
        assert_eq!(verify(&secret(), &both, b"{}", NOW), Ok(()));
    }
}
