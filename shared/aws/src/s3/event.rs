//! What the bucket tells a queue of: objects that have come.

use ports::blobs::BlobKey;
use serde::Deserialize;

/// The message is nothing that a bucket tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is no notification of a bucket")]
pub struct UnreadableUploads;

#[derive(Deserialize)]
struct Notification {
    #[serde(default, rename = "Records")]
    records: Option<Vec<Record>>,
    /// `s3:TestEvent`, once, when the notification is set up.
    #[serde(default, rename = "Event")]
    event: Option<String>,
}

#[derive(Deserialize)]
struct Record {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

/// The objects that a message tells of
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>). Those whose key is not
/// one of ours are passed over: nobody waits for them.
pub fn decode_uploads(body: &str) -> Result<Vec<BlobKey>, UnreadableUploads> {
    let Notification { records, event } = serde_json::from_str(body).map_err(|_| UnreadableUploads)?;
    match (records, event) {
        // A key is written as a URL would have it; ours have no other character that this changes.
        (Some(records), _) => {
            let keys = records.iter().map(|record| record.s3.object.key.replace("%2F", "/"));
            Ok(keys.filter_map(|key| BlobKey::parse(&key)).collect())
        }
        (None, Some(_)) => Ok(Vec::new()),
        (None, None) => Err(UnreadableUploads),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{FileId, TenantId};

    use super::*;

    #[test]
    fn uploads_are_told_and_the_rest_is_not() {
        let (tenant, file) = (TenantId::from_u128(1), FileId::from_u128(2));
        let record =
            |key: &str| format!(r#"{{"eventName":"ObjectCreated:Put","s3":{{"object":{{"key":"{key}","size":3}}}}}}"#);
        let key = BlobKey::upload(tenant, file);
        let body = |keys: &[String]| {
            let records: Vec<String> = keys.iter().map(|key| record(key)).collect();
            format!(r#"{{"Records":[{}]}}"#, records.join(","))
        };
        let encoded = key.to_string().replace('/', "%2F");
        let told = decode_uploads(&body(&[key.to_string(), "other/thing".to_owned(), encoded]));
        assert_eq!(told, Ok(vec![key, key]));
        assert_eq!(decode_uploads(r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#), Ok(Vec::new()));
        for strange in ["", "{}", "[]", r#"{"event":"evt_1"}"#] {
            assert_eq!(decode_uploads(strange), Err(UnreadableUploads), "{strange}");
        }
    }
}
