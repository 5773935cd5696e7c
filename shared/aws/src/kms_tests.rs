//! Answers of KMS, read strictly.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};

use super::*;

const SPKI_PREFIX_HEX: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn signature(r: &str, s: &str) -> Option<String> {
    let (r, s) = (bytes(r), bytes(s));
    let mut content = vec![0x02, r.len() as u8];
    content.extend(r);
    content.extend([0x02, s.len() as u8]);
    content.extend(s);
    let mut der = vec![0x30, content.len() as u8];
    der.extend(content);
    parse_signature(&der).map(|raw| crate::digest::to_hex(&raw))
}

#[test]
fn integers_are_padded_to_their_place() {
    let zeros = "0".repeat(62);
    assert_eq!(signature("01", "7f"), Some(format!("{zeros}01{zeros}7f")), "short ones");
    let high = "ff".repeat(32);
    assert_eq!(signature(&format!("00{high}"), "0080"), Some(format!("{high}{zeros}80")), "with a sign byte");
    assert_eq!(signature("00", "01"), None, "zero is no part of a signature, and its only byte is not padding");
}

#[test]
fn anything_but_strict_der_is_refused() {
    for (r, s, why) in [
        ("", "01", "an empty integer"),
        ("80", "01", "a negative one"),
        ("0001", "01", "needless padding"),
        (&"11".repeat(33), "01", "33 bytes"),
        (&format!("00{}", "ff".repeat(33)), "01", "34 bytes"),
    ] {
        assert_eq!(signature(r, s), None, "{why}");
    }
    for (der, why) in [
        ("", "nothing"),
        ("3006020101020101ff", "bytes after it"),
        ("3007020101020101ff", "bytes within it"),
        ("3106020101020101", "another tag"),
        ("300602010102", "cut off"),
        ("308106020101020101", "a long length"),
    ] {
        assert_eq!(parse_signature(&bytes(der)), None, "{why}");
    }
    assert!(parse_signature(&bytes("3006020101020101")).is_some());
}

#[test]
fn what_another_library_signs_it_verifies_after_conversion() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).expect("a key");
    let point = key.public_key().as_ref();
    let mut spki = bytes(&SPKI_PREFIX_HEX[..52]);
    spki.extend(point);
    let public = parse_public_key(&spki).expect("a P-256 key");
    assert_eq!([&[4][..], &public.x, &public.y].concat(), point);
    for round in 0..200_u32 {
        let message = round.to_be_bytes();
        let der = key.sign(&random, &message).expect("signed");
        let raw = parse_signature(der.as_ref()).expect("what the library made");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(&message, &raw).expect("verifies");
    }
}

#[test]
fn only_an_uncompressed_p256_point_is_a_key() {
    let good = format!("{SPKI_PREFIX_HEX}{}", "11".repeat(64));
    assert!(parse_public_key(&bytes(&good)).is_some());
    let p384 = good.replace("2a8648ce3d030107", "2a8648ce3d030108");
    for (der, why) in [
        (good[..180].to_owned(), "cut off"),
        (format!("{good}00"), "too long"),
        (p384, "another curve"),
        (good.replacen("034200", "034201", 1), "unused bits"),
        (String::new(), "nothing"),
    ] {
        assert_eq!(parse_public_key(&bytes(&der)), None, "{why}");
    }
}

/// The members in the one order and spelling that RFC 7638 allows; the digest by another program.
#[test]
fn the_thumbprint_is_the_one_everybody_computes() {
    // RFC 7517, appendix A.1, the EC key; SHA-256 and base64url of its RFC 7638 members by OpenSSL.
    let decode = |text: &str| <[u8; 32]>::try_from(URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("32 bytes");
    let x = decode("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4");
    let y = decode("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM");
    assert_eq!(thumbprint(x, y), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
}
