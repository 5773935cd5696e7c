//! Objects in a bucket. Links are signed here, without a call.

mod event;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, MetadataDirective};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::file::{Checksum, FileName};
use domain::time::Timestamp;
use ports::blobs::{BlobHead, BlobKey, Blobs, Link, UploadTerms};
use ports::{PortError, PortErrorKind};

use crate::Aws;
use crate::error::port_error;

pub use event::{UnreadableUploads, decode_uploads};

#[derive(Debug, Clone)]
pub struct S3Blobs {
    client: Client,
    bucket: String,
}

impl S3Blobs {
    pub fn new(aws: &Aws, bucket: impl Into<String>) -> Self {
        Self { client: aws.s3(), bucket: bucket.into() }
    }
}

#[async_trait]
impl Blobs for S3Blobs {
    /// Size, type and checksum are signed headers: the store refuses every other upload.
    async fn upload_link(
        &self,
        key: BlobKey,
        terms: UploadTerms,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        const OPERATION: &str = "sign an upload";
        let UploadTerms { content_type, size, checksum } = terms;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .content_type(content_type.as_str())
            .content_length(size.bytes().into())
            .checksum_sha256(BASE64.encode(checksum.0));
        let signed = request.presigned(lifetime(OPERATION, now, lives)?).await;
        Ok(link("PUT", signed.map_err(|error| port_error(OPERATION, error))?, now.plus(lives)))
    }

    async fn download_link(
        &self,
        key: BlobKey,
        name: &FileName,
        content_type: &str,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        const OPERATION: &str = "sign a download";
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.to_string())
            .response_content_disposition(attachment(name.as_str()))
            .response_content_type(content_type);
        let signed = request.presigned(lifetime(OPERATION, now, lives)?).await;
        Ok(link("GET", signed.map_err(|error| port_error(OPERATION, error))?, now.plus(lives)))
    }

    async fn head(&self, key: BlobKey) -> Result<Option<BlobHead>, PortError> {
        const OPERATION: &str = "look at an object";
        let request = self.client.head_object().bucket(&self.bucket).key(key.to_string());
        let Some(head) = found(OPERATION, request.checksum_mode(ChecksumMode::Enabled).send().await)? else {
            return Ok(None);
        };
        let corrupt = || PortError::new(PortErrorKind::Corrupt, OPERATION);
        let size = head.content_length.and_then(|size| u64::try_from(size).ok()).ok_or_else(corrupt)?;
        // Of an object that came in parts it is one of checksums, and is no checksum of ours.
        let checksum = head.checksum_sha256.and_then(|text| BASE64.decode(text).ok()?.try_into().ok()).map(Checksum);
        Ok(Some(BlobHead { size, content_type: head.content_type.unwrap_or_default(), checksum }))
    }

    async fn beginning(&self, key: BlobKey, len: u32) -> Result<Option<Vec<u8>>, PortError> {
        const OPERATION: &str = "read an object's beginning";
        let request = self.client.get_object().bucket(&self.bucket).key(key.to_string());
        let range = format!("bytes=0-{}", len.saturating_sub(1));
        let Some(object) = found(OPERATION, request.range(range).send().await)? else { return Ok(None) };
        let broken = |error| PortError::caused_by(PortErrorKind::Unavailable, OPERATION, error);
        Ok(Some(object.body.collect().await.map_err(broken)?.to_vec()))
    }

    async fn put(&self, key: BlobKey, content_type: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        let request = self.client.put_object().bucket(&self.bucket).key(key.to_string()).content_type(content_type);
        let result = request.body(ByteStream::from(bytes)).send().await;
        result.map(|_| ()).map_err(|error| port_error("put an object", error))
    }

    async fn copy(&self, from: BlobKey, to: BlobKey) -> Result<bool, PortError> {
        let source = format!("{}/{from}", self.bucket);
        let request = self.client.copy_object().bucket(&self.bucket).key(to.to_string()).copy_source(source);
        let request = request.metadata_directive(MetadataDirective::Copy);
        Ok(found("copy an object", request.send().await)?.is_some())
    }

    async fn delete(&self, key: BlobKey) -> Result<(), PortError> {
        let result = self.client.delete_object().bucket(&self.bucket).key(key.to_string()).send().await;
        result.map(|_| ()).map_err(|error| port_error("delete an object", error))
    }
}

fn lifetime(operation: &'static str, now: Timestamp, lives: Duration) -> Result<PresigningConfig, PortError> {
    let begins = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.as_ms()).unwrap_or(0));
    let config = PresigningConfig::builder().start_time(begins).expires_in(lives).build();
    config.map_err(|error| PortError::caused_by(PortErrorKind::Rejected, operation, error))
}

fn link(method: &'static str, signed: PresignedRequest, expires_at: Timestamp) -> Link {
    let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Link { method, url: signed.uri().to_owned(), headers, expires_at }
}

/// What a name in quotes cannot hold goes into the extended form beside it (RFC 6266, section 5).
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii() && !c.is_ascii_control() && !"\"\\%;".contains(c) { c } else { '_' })
        .collect();
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let extended: String = name.bytes().map(encode).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{extended}")
}

/// Nothing, where the answer says that there is no such object.
fn found<T, E>(operation: &'static str, result: Result<T, SdkError<E>>) -> Result<Option<T>, PortError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match result {
        Ok(value) => Ok(Some(value)),
        // A HEAD has no body, and so its error no code but the status.
        Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == 404 => Ok(None),
        Err(error) => Err(port_error(operation, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_has_its_name_in_both_forms() {
        assert_eq!(attachment("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
        let name = "Rechnung \"März\".pdf";
        let expected = "attachment; filename=\"Rechnung _M_rz_.pdf\"; filename*=UTF-8''Rechnung%20%22M%C3%A4rz%22.pdf";
        assert_eq!(attachment(name), expected);
    }
}
