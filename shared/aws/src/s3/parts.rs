//! Objects that come in parts.

use async_trait::async_trait;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use ports::blobs::{BlobKey, BlobParts};
use ports::{PortError, PortErrorKind};

use super::S3Blobs;
use crate::error::port_error;

/// What S3 answers when parts or upload are not what they were
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>).
const NOT_AS_THEY_WERE: [&str; 3] = ["InvalidPart", "InvalidPartOrder", "NoSuchUpload"];

#[async_trait]
impl BlobParts for S3Blobs {
    async fn begin(&self, key: BlobKey, content_type: &str) -> Result<String, PortError> {
        const OPERATION: &str = "begin an object in parts";
        let request = self.client.create_multipart_upload().bucket(&self.bucket).key(key.to_string());
        let begun = request.content_type(content_type).send().await.map_err(|error| port_error(OPERATION, error))?;
        begun.upload_id.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, OPERATION))
    }

    async fn put_part(
        &self,
        key: BlobKey,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<Option<String>, PortError> {
        const OPERATION: &str = "put a part of an object";
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let request = self.client.upload_part().bucket(&self.bucket).key(key.to_string()).upload_id(upload);
        let result = request.part_number(number).body(ByteStream::from(bytes)).send().await;
        let Some(put) = as_they_were(OPERATION, result)? else { return Ok(None) };
        put.e_tag.map(Some).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, OPERATION))
    }

    async fn complete(&self, key: BlobKey, upload: &str, parts: &[String]) -> Result<bool, PortError> {
        let numbered = (1..).zip(parts);
        let parts = numbered.map(|(number, tag)| CompletedPart::builder().part_number(number).e_tag(tag).build());
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(key.to_string());
        let result = request.upload_id(upload).multipart_upload(parts).send().await;
        Ok(as_they_were("complete an object", result)?.is_some())
    }
}

fn as_they_were<T, E>(operation: &'static str, result: Result<T, SdkError<E>>) -> Result<Option<T>, PortError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code().is_some_and(|code| NOT_AS_THEY_WERE.contains(&code)) => Ok(None),
        Err(error) => Err(port_error(operation, error)),
    }
}
