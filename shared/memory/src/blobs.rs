//! Objects by key, and the links to them: what a client does with one is `follow`. As in a real store an upload that does not
//! keep to its link's terms is refused whole.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::file::{Checksum, FileName};
use domain::time::Timestamp;
use ports::PortError;
use ports::blobs::{BlobHead, BlobKey, BlobParts, Blobs as BlobsPort, Link, UploadTerms};
use ports::clock::Clock as _;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::lock::Lock;

const FORBIDDEN: u16 = 403;
const BAD_REQUEST: u16 = 400;
const NOT_FOUND: u16 = 404;

#[derive(Debug, Clone)]
pub struct Blobs {
    clock: Clock,
    faults: Faults,
    state: std::sync::Arc<Lock<State>>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<BlobKey, Object>,
    links: BTreeMap<String, Signed>,
    /// Objects that come in parts, by their uploads.
    parts: BTreeMap<String, Parts>,
    begun: u64,
    /// Uploads that nobody has been told of yet.
    uploaded: Vec<BlobKey>,
}

#[derive(Debug, Clone)]
struct Object {
    content_type: String,
    bytes: Vec<u8>,
    checksum: Option<Checksum>,
}

#[derive(Debug, Clone)]
struct Parts {
    key: BlobKey,
    content_type: String,
    by_number: BTreeMap<u32, Vec<u8>>,
}

#[derive(Debug, Clone)]
struct Signed {
    key: BlobKey,
    expires_at: Timestamp,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Upload(UploadTerms),
    Download { name: String, content_type: String },
}

/// What the store answers a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobAnswer {
    pub status: u16,
    pub content_type: String,
    /// The name that a download is saved under.
    pub name: String,
    pub body: Vec<u8>,
}

impl Blobs {
    pub fn new(clock: Clock, faults: Faults) -> Self {
        Self { clock, faults, state: std::sync::Arc::default() }
    }

    /// A client makes the link's request.
    pub fn follow(&self, link: &Link, body: Vec<u8>) -> BlobAnswer {
        let mut state = self.state.get();
        let now = self.clock.now();
        let known = state.links.get(&link.url).filter(|signed| now < signed.expires_at).cloned();
        let Some(Signed { key, what, expires_at: _ }) = known else { return refused(FORBIDDEN) };
        match what {
            What::Upload(terms) if !keeps_to(link, terms) || body.len() as u64 != u64::from(terms.size.bytes()) => {
                refused(FORBIDDEN)
            }
            What::Upload(terms) if checksum(&body) != terms.checksum => refused(BAD_REQUEST),
            What::Upload(terms) => {
                let content_type = terms.content_type.as_str().to_owned();
                state.objects.insert(key, Object { content_type, bytes: body, checksum: Some(terms.checksum) });
                state.uploaded.push(key);
                BlobAnswer { status: 200, ..refused(200) }
            }
            What::Download { name, content_type } => match state.objects.get(&key) {
                Some(object) => BlobAnswer { status: 200, content_type, name, body: object.bytes.clone() },
                None => refused(NOT_FOUND),
            },
        }
    }

    /// The uploads since the last call. A real store tells of them late, and sometimes twice.
    pub fn take_uploaded(&self) -> Vec<BlobKey> {
        std::mem::take(&mut self.state.get().uploaded)
    }

    /// All there is, for checks: looking is no call.
    pub fn keys(&self) -> Vec<BlobKey> {
        self.state.get().objects.keys().copied().collect()
    }

    pub fn bytes_of(&self, key: BlobKey) -> Option<Vec<u8>> {
        self.state.get().objects.get(&key).map(|object| object.bytes.clone())
    }

    /// Puts other bytes in an object's place, which no link lets a client do.
    pub fn replace(&self, key: BlobKey, bytes: &[u8], checksum: Option<Checksum>) {
        if let Some(object) = self.state.get().objects.get_mut(&key) {
            *object = Object { bytes: bytes.to_vec(), checksum, ..object.clone() };
        }
    }

    fn sign(&self, method: &'static str, headers: Vec<(String, String)>, signed: Signed) -> Link {
        let mut state = self.state.get();
        let expires_at = signed.expires_at;
        let url = format!("memory://blobs/{}?{method}={}", signed.key, state.links.len());
        state.links.insert(url.clone(), signed);
        Link { method, url, headers, expires_at }
    }
}

#[async_trait]
impl BlobsPort for Blobs {
    async fn upload_link(
        &self,
        key: BlobKey,
        terms: UploadTerms,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        let signed = Signed { key, expires_at: now.plus(lives), what: What::Upload(terms) };
        Ok(self.sign("PUT", headers_of(terms), signed))
    }

    async fn download_link(
        &self,
        key: BlobKey,
        name: &FileName,
        content_type: &str,
        now: Timestamp,
        lives: Duration,
    ) -> Result<Link, PortError> {
        let what = What::Download { name: name.as_str().to_owned(), content_type: content_type.to_owned() };
        Ok(self.sign("GET", Vec::new(), Signed { key, expires_at: now.plus(lives), what }))
    }

    async fn head(&self, key: BlobKey) -> Result<Option<BlobHead>, PortError> {
        let effect = || {
            let state = self.state.get();
            Ok(state.objects.get(&key).map(|object| BlobHead {
                size: object.bytes.len() as u64,
                content_type: object.content_type.clone(),
                checksum: object.checksum,
            }))
        };
        self.faults.call("blobs.head", effect).await
    }

    async fn beginning(&self, key: BlobKey, len: u32) -> Result<Option<Vec<u8>>, PortError> {
        let effect = || {
            let state = self.state.get();
            Ok(state.objects.get(&key).map(|object| object.bytes.iter().copied().take(len as usize).collect()))
        };
        self.faults.call("blobs.beginning", effect).await
    }

    async fn put(&self, key: BlobKey, content_type: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        let effect = || {
            let object = Object { content_type: content_type.to_owned(), bytes: bytes.clone(), checksum: None };
            self.state.get().objects.insert(key, object);
            Ok(())
        };
        self.faults.call("blobs.put", effect).await
    }

    async fn copy(&self, from: BlobKey, to: BlobKey) -> Result<bool, PortError> {
        let effect = || {
            let mut state = self.state.get();
            let object = state.objects.get(&from).cloned();
            Ok(object.map(|object| state.objects.insert(to, object)).is_some())
        };
        self.faults.call("blobs.copy", effect).await
    }

    async fn delete(&self, key: BlobKey) -> Result<(), PortError> {
        let effect = || {
            self.state.get().objects.remove(&key);
            Ok(())
        };
        self.faults.call("blobs.delete", effect).await
    }
}

#[async_trait]
impl BlobParts for Blobs {
    async fn begin(&self, key: BlobKey, content_type: &str) -> Result<String, PortError> {
        let effect = || {
            let mut state = self.state.get();
            state.begun += 1;
            let upload = format!("upload-{}", state.begun);
            let parts = Parts { key, content_type: content_type.to_owned(), by_number: BTreeMap::new() };
            state.parts.insert(upload.clone(), parts);
            Ok(upload)
        };
        self.faults.call("blobs.begin", effect).await
    }

    async fn put_part(
        &self,
        key: BlobKey,
        upload: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<Option<String>, PortError> {
        let effect = || {
            let mut state = self.state.get();
            let Some(parts) = state.parts.get_mut(upload).filter(|parts| parts.key == key) else { return Ok(None) };
            parts.by_number.insert(number, bytes.clone());
            Ok(Some(tag_of(&bytes)))
        };
        self.faults.call("blobs.put_part", effect).await
    }

    async fn complete(&self, key: BlobKey, upload: &str, parts: &[String]) -> Result<bool, PortError> {
        let effect = || {
            let mut state = self.state.get();
            let Some(known) = state.parts.get(upload).filter(|parts| parts.key == key) else { return Ok(false) };
            let numbered =
                (1..).zip(parts).map(|(number, tag)| known.by_number.get(&number).filter(|it| tag_of(it) == *tag));
            let Some(found) = numbered.collect::<Option<Vec<_>>>().filter(|found| !found.is_empty()) else {
                return Ok(false);
            };
            let bytes = found.into_iter().flatten().copied().collect();
            let object = Object { content_type: known.content_type.clone(), bytes, checksum: None };
            state.objects.insert(key, object);
            state.parts.remove(upload);
            Ok(true)
        };
        self.faults.call("blobs.complete", effect).await
    }
}

fn tag_of(bytes: &[u8]) -> String {
    BASE64.encode(checksum(bytes).0)
}

fn headers_of(terms: UploadTerms) -> Vec<(String, String)> {
    let UploadTerms { content_type, size, checksum } = terms;
    let pairs = [
        ("content-type", content_type.as_str().to_owned()),
        ("content-length", size.bytes().to_string()),
        ("x-amz-checksum-sha256", BASE64.encode(checksum.0)),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Headers come in any order.
fn keeps_to(link: &Link, terms: UploadTerms) -> bool {
    let signed = headers_of(terms);
    link.headers.len() == signed.len() && signed.iter().all(|header| link.headers.contains(header))
}

/// The SHA-256 digest of bytes.
pub fn checksum(bytes: &[u8]) -> Checksum {
    Checksum(digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default())
}

fn refused(status: u16) -> BlobAnswer {
    BlobAnswer { status, content_type: String::new(), name: String::new(), body: Vec::new() }
}
