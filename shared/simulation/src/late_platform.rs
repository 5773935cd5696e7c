//! Calls of the platform and of its objects that arrive late.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::file::FileName;
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use ports::PortError;
use ports::blobs::{BlobHead, BlobKey, Blobs, Link, UploadTerms};
use ports::platform::{Platform, PlatformCommit, PlatformError};

use super::{Late, timed_out};

pub(super) struct LatePlatform(pub(super) Arc<Late>, pub(super) Arc<dyn Platform>);

#[async_trait]
impl Platform for LatePlatform {
    async fn commit(&self, commit: PlatformCommit) -> Result<(), PlatformError> {
        const OPERATION: &str = "platform.commit";
        let (next, copy) = (&self.1, &commit);
        let late = || {
            let (next, commit) = (next.clone(), copy.clone());
            async move { drop(next.commit(commit).await) }
        };
        if self.0.takes(OPERATION, late) { Err(timed_out(OPERATION).into()) } else { self.1.commit(commit).await }
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.1.find_record(tenant, claim, now).await
    }
}

pub(super) struct LateBlobs(pub(super) Arc<Late>, pub(super) Arc<dyn Blobs>);

#[async_trait]
impl Blobs for LateBlobs {
    async fn upload_link(
        &self,
        key: BlobKey,
        terms: UploadTerms,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        self.1.upload_link(key, terms, now, lives).await
    }

    async fn download_link(
        &self,
        key: BlobKey,
        name: &FileName,
        content_type: &str,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        self.1.download_link(key, name, content_type, now, lives).await
    }

    async fn head(&self, key: BlobKey) -> Result<Option<BlobHead>, PortError> {
        self.1.head(key).await
    }

    async fn beginning(&self, key: BlobKey, len: u32) -> Result<Option<Vec<u8>>, PortError> {
        self.1.beginning(key, len).await
    }

    async fn put(&self, key: BlobKey, content_type: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        self.1.put(key, content_type, bytes).await
    }

    async fn copy(&self, from: BlobKey, to: BlobKey) -> Result<bool, PortError> {
        const OPERATION: &str = "blobs.copy";
        let late = || {
            let next = self.1.clone();
            async move { drop(next.copy(from, to).await) }
        };
        if self.0.takes(OPERATION, late) { Err(timed_out(OPERATION)) } else { self.1.copy(from, to).await }
    }

    async fn delete(&self, key: BlobKey) -> Result<(), PortError> {
        const OPERATION: &str = "blobs.delete";
        let late = || {
            let next = self.1.clone();
            async move { drop(next.delete(key).await) }
        };
        if self.0.takes(OPERATION, late) { Err(timed_out(OPERATION)) } else { self.1.delete(key).await }
    }
}
