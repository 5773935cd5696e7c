//! Refresh tokens: `crt_<tenant>.<session>.<family secret>.<rotating secret>`, each secret 256 bits in base64url. Opaque to
//! clients; storage keeps the secrets' SHA-256 alone. The prefix lets scanners of leaked secrets find one.

use domain::ids::{SessionId, TenantId};
use domain::secret::Secret;
use ports::clock::Random;
use ports::credentials::RefreshToken;

use crate::jws;

const PREFIX: &str = "crt_";
const SECRET_LEN: usize = 32;

/// The first token of a session.
pub(crate) fn mint(random: &dyn Random, tenant: TenantId, session: SessionId) -> RefreshToken {
    written(tenant, session, draw(random), draw(random))
}

/// The token that replaces `of`: same family, new secret. `None` for one whose text was not written here.
pub(crate) fn next(random: &dyn Random, of: &RefreshToken) -> Option<RefreshToken> {
    let (tenant, session, family, _) = read(of.text.reveal())?;
    Some(written(tenant, session, family, draw(random)))
}

pub(crate) fn parse(text: &str) -> Option<RefreshToken> {
    let (tenant, session, family, rotating) = read(text)?;
    Some(written(tenant, session, family, rotating))
}

type SecretBytes = [u8; SECRET_LEN];

fn draw(random: &dyn Random) -> SecretBytes {
    let mut secret = [0; SECRET_LEN];
    secret[..16].copy_from_slice(&random.bits().to_be_bytes());
    secret[16..].copy_from_slice(&random.bits().to_be_bytes());
    secret
}

fn read(text: &str) -> Option<(TenantId, SessionId, SecretBytes, SecretBytes)> {
    let mut fields = text.strip_prefix(PREFIX)?.split('.');
    let (tenant, session) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let mut secret = || jws::decode(fields.next()?)?.try_into().ok();
    let (family, rotating) = (secret()?, secret()?);
    fields.next().is_none().then_some((tenant, session, family, rotating))
}

fn written(tenant: TenantId, session: SessionId, family: SecretBytes, rotating: SecretBytes) -> RefreshToken {
    let text = format!("{PREFIX}{tenant}.{session}.{}.{}", jws::encode(family), jws::encode(rotating));
    RefreshToken {
        tenant,
        session,
        text: Secret::new(text),
        family_hash: jws::sha256(&family),
        rotating_hash: jws::sha256(&rotating),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;

    use super::*;

    struct Counting(AtomicU64);

    impl Random for Counting {
        fn bits(&self) -> u128 {
            u128::from(self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    fn minted() -> RefreshToken {
        mint(&Counting(AtomicU64::new(1)), TenantId::from_u128(7), SessionId::from_u128(9))
    }

    #[test]
    fn the_form_and_back() {
        let token = minted();
        let text = token.text.reveal();
        assert_eq!(
            text,
            "crt_ten_00000000000000000000000007.ses_00000000000000000000000009\
             .AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAI.AAAAAAAAAAAAAAAAAAAAAwAAAAAAAAAAAAAAAAAAAAQ"
        );
        assert_eq!(parse(text), Some(token.clone()));
        assert_ne!(token.family_hash, token.rotating_hash);
    }

    #[test]
    fn the_next_one_keeps_the_family_and_changes_the_rest() {
        let first = minted();
        let second = next(&Counting(AtomicU64::new(100)), &first).expect("written here");
        assert_eq!(
            (second.tenant, second.session, second.family_hash),
            (first.tenant, first.session, first.family_hash)
        );
        assert_ne!(second.rotating_hash, first.rotating_hash);
        assert_eq!(parse(second.text.reveal()), Some(second));
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = minted();
        let (shown, text) = (format!("{token:?}"), token.text.reveal());
        assert!(text.split('.').skip(2).all(|secret| !shown.contains(secret)), "{shown}");
    }

    #[test]
    fn other_forms_are_refused() {
        let token = minted();
        let good = token.text.reveal();
        let (head, last) = good.rsplit_once('.').expect("dots");
        for (name, bad) in [
            ("empty", String::new()),
            ("no prefix", good.replacen("crt_", "", 1)),
            ("another prefix", good.replacen("crt_", "cst_", 1)),
            ("another kind of id", good.replacen("ses_", "usr_", 1)),
            ("a part missing", head.to_owned()),
            ("a part too many", format!("{good}.{last}")),
            ("a short secret", format!("{head}.{}", jws::encode([1; 31]))),
            ("a long secret", format!("{head}.{}", jws::encode([1; 33]))),
            ("padding", format!("{good}=")),
            ("bits that do not count", format!("{head}.{}B", &last[..last.len() - 1])),
            ("a space", format!("{good} ")),
        ] {
            assert_eq!(parse(&bad), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn anything_that_parses_is_written_the_same(text in "crt_ten_[0-9a-z]{26}\\.ses_[0-9a-z]{26}\\.[A-Za-z0-9_-]{43}\\.[A-Za-z0-9_-]{43}") {
            if let Some(token) = parse(&text) {
                prop_assert_eq!(token.text.reveal(), text);
            }
        }
    }
}
