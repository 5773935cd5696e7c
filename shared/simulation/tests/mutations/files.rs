//! Files whose bytes are not looked after; files and jobs whose versions are not; occurrences without a job.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coffer_simulation::Wiring;
use domain::file::FileName;
use domain::idempotency::{Claim, Record};
use domain::ids::TenantId;
use domain::time::Timestamp;
use memory::Store;
use ports::PortError;
use ports::blobs::{Blob, BlobHead, BlobKey, BlobParts, Blobs, Link, UploadTerms};
use ports::platform::{Platform, PlatformChange, PlatformCommit, PlatformError};

use super::Mutation;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    CopiesNothing,
    DeletesNoFiles,
    SeesPictures,
}

struct Careless {
    next: Arc<dyn Blobs>,
    bug: Bug,
}

#[async_trait]
impl Blobs for Careless {
    async fn upload_link(
        &self,
        key: BlobKey,
        terms: UploadTerms,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        self.next.upload_link(key, terms, now, lives).await
    }

    async fn download_link(
        &self,
        key: BlobKey,
        name: &FileName,
        content_type: &str,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        self.next.download_link(key, name, content_type, now, lives).await
    }

    async fn head(&self, key: BlobKey) -> Result<Option<BlobHead>, PortError> {
        self.next.head(key).await
    }

    async fn beginning(&self, key: BlobKey, len: u32) -> Result<Option<Vec<u8>>, PortError> {
        let beginning = self.next.beginning(key, len).await?;
        let is_picture = self.bug == Bug::SeesPictures && beginning.as_deref() == Some(b"no picture");
        Ok(if is_picture { Some(b"\x89PNG\r\n\x1a\n".to_vec()) } else { beginning })
    }

    async fn put(&self, key: BlobKey, content_type: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        self.next.put(key, content_type, bytes).await
    }

    async fn copy(&self, from: BlobKey, to: BlobKey) -> Result<bool, PortError> {
        if self.bug == Bug::CopiesNothing { Ok(true) } else { self.next.copy(from, to).await }
    }

    async fn delete(&self, key: BlobKey) -> Result<(), PortError> {
        let is_spared = self.bug == Bug::DeletesNoFiles && matches!(key.blob, Blob::File(_));
        if is_spared { Ok(()) } else { self.next.delete(key).await }
    }
}

fn careless(wiring: Wiring, bug: Bug) -> Wiring {
    let next = wiring.blobs.clone();
    Wiring { blobs: Arc::new(Careless { next, bug }), ..wiring }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Files,
    Jobs,
}

/// The version that a change of some kind stands on is whatever is there.
struct Unconditional {
    of: Of,
    next: Arc<dyn Platform>,
    store: Arc<Store>,
}

#[async_trait]
impl Platform for Unconditional {
    async fn commit(&self, mut commit: PlatformCommit) -> Result<(), PlatformError> {
        for change in &mut commit.changes {
            match change {
                PlatformChange::UpdateFile(file)
                | PlatformChange::AttachFile { file, attachment: _ }
                | PlatformChange::DetachFile { file, attachments: _ }
                    if self.of == Of::Files =>
                {
                    let stored = self.store.files().into_iter().find(|stored| stored.id == file.id);
                    file.version = stored.map_or(0, |stored| stored.version) + 1;
                }
                PlatformChange::UpdateJob(job) if self.of == Of::Jobs => {
                    let stored = self.store.jobs().into_iter().find(|stored| stored.id == job.id);
                    job.version = stored.map_or(0, |stored| stored.version) + 1;
                }
                _ => {}
            }
        }
        self.next.commit(commit).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.next.find_record(tenant, claim, now).await
    }
}

fn unconditional(wiring: Wiring, of: Of) -> Wiring {
    let (next, store) = (wiring.platform.clone(), wiring.store.clone());
    Wiring { platform: Arc::new(Unconditional { of, next, store }), ..wiring }
}

/// A schedule moves on without the job of its occurrence.
struct Idle(Arc<dyn Platform>);

#[async_trait]
impl Platform for Idle {
    async fn commit(&self, mut commit: PlatformCommit) -> Result<(), PlatformError> {
        let is_of_an_occurrence =
            |change: &PlatformChange| matches!(change, PlatformChange::CreateJob(job) if job.occurrence.is_some());
        if commit.changes.iter().any(is_of_an_occurrence) {
            commit.changes.retain(|change| !is_of_an_occurrence(change));
            commit.events.clear();
        }
        self.0.commit(commit).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.0.find_record(tenant, claim, now).await
    }
}

/// Whatever is detached or deleted stays in the lists of its orders.
struct Clinging(Arc<dyn Platform>);

#[async_trait]
impl Platform for Clinging {
    async fn commit(&self, mut commit: PlatformCommit) -> Result<(), PlatformError> {
        for change in &mut commit.changes {
            if let PlatformChange::DetachFile { file, attachments: _ } = change {
                *change = PlatformChange::UpdateFile(file.clone());
            }
        }
        self.0.commit(commit).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.0.find_record(tenant, claim, now).await
    }
}

/// Takes parts and makes nothing of them.
struct Forgetful(Arc<dyn BlobParts>);

#[async_trait]
impl BlobParts for Forgetful {
    async fn begin(&self, key: BlobKey, content_type: &str) -> Result<String, PortError> {
        self.0.begin(key, content_type).await
    }

    async fn put_part(
        &self,
        key: BlobKey,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<Option<String>, PortError> {
        self.0.put_part(key, upload, number, bytes).await
    }

    async fn complete(&self, _: BlobKey, _: &str, _: &[String]) -> Result<bool, PortError> {
        Ok(true)
    }
}

pub const ALL: &[Mutation] = &[
    Mutation {
        name: "files are called ready without their bytes",
        rewire: |wiring| careless(wiring, Bug::CopiesNothing),
    },
    Mutation { name: "the bytes of deleted files stay", rewire: |wiring| careless(wiring, Bug::DeletesNoFiles) },
    Mutation { name: "what is no picture is taken for one", rewire: |wiring| careless(wiring, Bug::SeesPictures) },
    Mutation { name: "the version of a file is not looked at", rewire: |wiring| unconditional(wiring, Of::Files) },
    Mutation {
        name: "what is detached stays in its order's list",
        rewire: |wiring| {
            let next = wiring.platform.clone();
            Wiring { platform: Arc::new(Clinging(next)), ..wiring }
        },
    },
    Mutation { name: "the version of a job is not looked at", rewire: |wiring| unconditional(wiring, Of::Jobs) },
    Mutation {
        name: "a schedule moves on without its job",
        rewire: |wiring| {
            let next = wiring.platform.clone();
            Wiring { platform: Arc::new(Idle(next)), ..wiring }
        },
    },
    Mutation {
        name: "a report is called complete whatever its parts are",
        rewire: |wiring| {
            let next = wiring.parts.clone();
            Wiring { parts: Arc::new(Forgetful(next)), ..wiring }
        },
    },
];
