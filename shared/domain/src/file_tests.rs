//! Files: a row for each move and each refusal.

use super::*;

fn file(status: FileStatus) -> File {
    let input = NewFile {
        name: FileName::parse("invoice.pdf").expect("a name"),
        content_type: ContentType::Pdf,
        size: FileSize::new(10).expect("a size"),
        checksum: Checksum([7; 32]),
    };
    File { status, ..File::new(FileId::from_u128(1), TenantId::from_u128(2), input, Timestamp::from_ms(0)) }
}

#[test]
fn moves_by_state() {
    use FileStatus::{Deleted, Pending, Ready, Rejected};
    let now = Timestamp::from_ms(60_000);
    for (from, accepted, rejected, deleted, cleared) in [
        (Pending, Some(Ready), Some(Rejected), Some(Deleted), None),
        (Ready, None, None, Some(Deleted), None),
        (Rejected, None, None, Some(Deleted), Some(Rejected)),
        (Deleted, None, None, None, Some(Deleted)),
    ] {
        let file = file(from);
        let moves = [
            (file.accept(now), accepted),
            (file.reject(Rejection::WrongSize, now), rejected),
            (file.delete(now), deleted),
            (file.cleared(now), cleared),
        ];
        for (result, expected) in moves {
            match expected {
                Some(status) => {
                    let next = result.expect("allowed");
                    assert_eq!((next.status, next.version, next.updated_at), (status, 2, now), "from {from:?}");
                }
                None => assert_eq!(result, Err(FileRefusal { current: from })),
            }
        }
    }
}

#[test]
fn who_is_looked_for_and_who_may_be_forgotten() {
    let now = Timestamp::from_ms(60_000);
    let pending = file(FileStatus::Pending);
    assert_eq!(pending.check_at, Some(Timestamp::from_ms(0).plus(UPLOAD_WITHIN).plus(UPLOAD_GRACE)));
    assert_eq!(pending.expires_at(), None);
    let ready = pending.accept(now).expect("pending");
    assert_eq!((ready.check_at, ready.expires_at()), (None, None), "a file is kept until it is deleted");
    let deleted = ready.delete(now).expect("ready");
    assert_eq!((deleted.check_at, deleted.expires_at()), (Some(now), Some(now.plus(ENDED_KEPT_FOR))));
    assert!(!deleted.is_listed() && ready.is_listed());
    assert_eq!(deleted.cleared(now).map(|file| file.check_at), Ok(None));
}

#[test]
fn sizes() {
    for (bytes, fits) in
        [(0, false), (1, true), (104_857_600, true), (104_857_601, false), (-1, false), (i64::MAX, false)]
    {
        assert_eq!(FileSize::new(bytes).is_ok(), fits, "{bytes}");
    }
}

#[test]
fn words_parse_back() {
    assert!(ContentType::ALL.iter().all(|word| ContentType::parse(word.as_str()) == Some(*word)));
    assert!(FileStatus::ALL.iter().all(|word| FileStatus::parse(word.as_str()) == Some(*word)));
    assert!(Rejection::ALL.iter().all(|word| Rejection::parse(word.as_str()) == Some(*word)));
    assert_eq!(ContentType::parse("text/html"), None);
}
