//! Objects and the links to them. What clients do with a link is theirs to send: the adapter's test says how.

use std::time::Duration;

use async_trait::async_trait;
use domain::file::{Checksum, ContentType, FileName, FileSize};
use domain::ids::{FileId, TenantId};
use domain::time::Timestamp;
use ports::blobs::{BlobKey, Blobs, Link, UploadTerms};
use ports::clock::Clock;

use crate::World;

const LIVES: Duration = Duration::from_secs(300);

/// Follows links, as a client does.
#[async_trait]
pub trait Client: Send + Sync {
    async fn follow(&self, link: &Link, body: Vec<u8>) -> Followed;
}

/// What a client is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    pub is_success: bool,
    pub content_type: String,
    /// What a download is to be saved as.
    pub name: String,
    pub body: Vec<u8>,
}

/// A store, its clients, and the time by which it judges links.
#[derive(Clone, Copy)]
pub struct BlobStore<'a> {
    pub blobs: &'a dyn Blobs,
    pub client: &'a dyn Client,
    pub clock: &'a dyn Clock,
}

fn terms(bytes: &[u8]) -> UploadTerms {
    let size = FileSize::new(i64::try_from(bytes.len()).expect("a small upload")).expect("a size");
    UploadTerms { content_type: ContentType::Csv, size, checksum: Checksum(hmac_sha256::Hash::hash(bytes)) }
}

fn keys(seed: u128) -> (TenantId, BlobKey) {
    let world = World::new(seed);
    let tenant = world.tenant();
    (tenant, BlobKey::upload(tenant, world.id()))
}

async fn upload_link(store: BlobStore<'_>, key: BlobKey, bytes: &[u8], now: Timestamp) -> Link {
    store.blobs.upload_link(key, terms(bytes), now, LIVES).await.expect("a link is signed")
}

async fn is_there(store: BlobStore<'_>, key: BlobKey) -> bool {
    store.blobs.head(key).await.expect("an object is looked at").is_some()
}

pub async fn an_upload_keeps_to_its_terms(store: BlobStore<'_>, seed: u128) {
    let (_, key) = keys(seed);
    let bytes = b"a,b\n1,2\n";
    let link = upload_link(store, key, bytes, store.clock.now()).await;
    let as_another_type = |link: &Link| {
        let changed = |(name, value): &(String, String)| {
            let value = if name.eq_ignore_ascii_case("content-type") { "text/html" } else { value };
            (name.clone(), value.to_owned())
        };
        Link { headers: link.headers.iter().map(changed).collect(), ..link.clone() }
    };
    let without_headers = Link { headers: Vec::new(), ..link.clone() };
    for (what, link, body) in [
        ("other bytes", link.clone(), b"a,b\n1,3\n".to_vec()),
        ("more bytes", link.clone(), b"a,b\n1,2\n3".to_vec()),
        ("no bytes", link.clone(), Vec::new()),
        ("another type", as_another_type(&link), bytes.to_vec()),
        ("no word of what it is", without_headers, bytes.to_vec()),
    ] {
        let followed = store.client.follow(&link, body).await;
        assert!(!followed.is_success, "{what} were taken");
        assert!(!is_there(store, key).await, "{what} are there");
    }
    assert!(store.client.follow(&link, bytes.to_vec()).await.is_success);
    let head = store.blobs.head(key).await.expect("an object is looked at").expect("it is there");
    assert_eq!((head.size, head.content_type.as_str()), (bytes.len() as u64, "text/csv"));
    assert_eq!(head.checksum, Some(terms(bytes).checksum));
}

pub async fn a_link_is_for_one_key_alone(store: BlobStore<'_>, seed: u128) {
    let (tenant, key) = keys(seed);
    let (other, _) = keys(seed.wrapping_add(1 << 64));
    let link = upload_link(store, key, b"x", store.clock.now()).await;
    let elsewhere = Link { url: link.url.replace(&tenant.to_string(), &other.to_string()), ..link.clone() };
    assert_ne!(elsewhere, link);
    assert!(!store.client.follow(&elsewhere, b"x".to_vec()).await.is_success);
}

pub async fn a_link_ends(store: BlobStore<'_>, seed: u128) {
    let (_, key) = keys(seed);
    let long_ago = store.clock.now().minus(LIVES + Duration::from_secs(2));
    let late = upload_link(store, key, b"x", long_ago).await;
    assert!(late.expires_at < store.clock.now());
    assert!(!store.client.follow(&late, b"x".to_vec()).await.is_success);
    assert!(!is_there(store, key).await);
    store.blobs.put(key, "text/csv", b"x".to_vec()).await.expect("an object is put");
    let name = FileName::parse("x.csv").expect("a name");
    let late = store.blobs.download_link(key, &name, "text/csv", long_ago, LIVES).await.expect("a link is signed");
    assert!(!store.client.follow(&late, Vec::new()).await.is_success);
}

pub async fn a_download_has_its_name_and_type(store: BlobStore<'_>, seed: u128) {
    let (_, key) = keys(seed);
    let name = FileName::parse("Umsätze \"2026\".csv").expect("a name");
    let link = store.blobs.download_link(key, &name, "text/csv", store.clock.now(), LIVES).await;
    let link = link.expect("a link is signed");
    assert!(!store.client.follow(&link, Vec::new()).await.is_success, "there is nothing yet");
    store.blobs.put(key, "application/octet-stream", b"1,2\n".to_vec()).await.expect("an object is put");
    let followed = store.client.follow(&link, Vec::new()).await;
    let expected = Followed {
        is_success: true,
        content_type: "text/csv".to_owned(),
        name: name.as_str().to_owned(),
        body: b"1,2\n".to_vec(),
    };
    assert_eq!(followed, expected);
}

pub async fn what_was_put_is_read_from_its_beginning(store: BlobStore<'_>, seed: u128) {
    let (_, key) = keys(seed);
    let beginning = async |len| store.blobs.beginning(key, len).await.expect("an object is read");
    assert_eq!(beginning(4).await, None);
    store.blobs.put(key, "text/plain", b"first".to_vec()).await.expect("an object is put");
    store.blobs.put(key, "text/plain", b"second".to_vec()).await.expect("an object is put");
    assert_eq!(beginning(4).await, Some(b"seco".to_vec()));
    assert_eq!(beginning(400).await, Some(b"second".to_vec()), "no longer than it is");
    let head = store.blobs.head(key).await.expect("an object is looked at").expect("it is there");
    assert_eq!((head.size, head.checksum), (6, None));
}

pub async fn a_copy_stays_when_the_first_goes(store: BlobStore<'_>, seed: u128) {
    let (tenant, from) = keys(seed);
    let to = BlobKey::file(tenant, FileId::from_u128(seed));
    let copy = async || store.blobs.copy(from, to).await.expect("an object is copied");
    assert!(!copy().await, "there is nothing to copy");
    assert!(!is_there(store, to).await);
    store.blobs.put(from, "text/plain", b"bytes".to_vec()).await.expect("an object is put");
    assert!(copy().await && copy().await);
    for _ in 0..2 {
        store.blobs.delete(from).await.expect("an object is deleted, or was");
    }
    assert!(!is_there(store, from).await);
    assert_eq!(store.blobs.beginning(to, 10).await.expect("an object is read"), Some(b"bytes".to_vec()));
    let head = store.blobs.head(to).await.expect("an object is looked at").expect("it is there");
    assert_eq!(head.content_type, "text/plain");
}
