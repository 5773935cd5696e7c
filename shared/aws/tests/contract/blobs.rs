//! Objects in S3, and what its clients do with links: over HTTP, as they would.

use std::panic::{AssertUnwindSafe, resume_unwind};

use async_trait::async_trait;
use coffer_aws::{S3Blobs, SystemClock};
use contract::blobs::{BlobStore, Client, Followed};
use futures_util::FutureExt;
use ports::blobs::Link;

use crate::place::{aws, seed, unique_name};

struct Http(reqwest::Client);

#[async_trait]
impl Client for Http {
    async fn follow(&self, link: &Link, body: Vec<u8>) -> Followed {
        let method = link.method.parse().expect("a method");
        let request = self.0.request(method, &link.url);
        // The length is the body's, as every client sends it.
        let headers = link.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        let request = if link.method == "PUT" { request.body(body) } else { request };
        let answer = request.send().await.expect("the store answers");
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (is_success, content_type) = (answer.status().is_success(), header("content-type"));
        let name = extended_name(&header("content-disposition"));
        Followed { is_success, content_type, name, body: answer.bytes().await.expect("a body").to_vec() }
    }
}

/// The name of a `Content-Disposition` (RFC 6266), read back.
fn extended_name(disposition: &str) -> String {
    let encoded = disposition.split_once("filename*=UTF-8''").map_or("", |(_, name)| name);
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

async fn with_bucket(test: impl AsyncFnOnce(BlobStore<'_>)) {
    let aws = aws();
    let bucket = unique_name("bucket").replace('_', "-");
    let client = aws.s3();
    client.create_bucket().bucket(&bucket).send().await.expect("a bucket is created");
    let blobs = S3Blobs::new(&aws, bucket.as_str());
    let http = Http(reqwest::Client::new());
    let store = BlobStore { blobs: &blobs, client: &http, clock: &SystemClock };
    let result = AssertUnwindSafe(test(store)).catch_unwind().await;
    let listed = client.list_objects_v2().bucket(&bucket).send().await.expect("objects are listed");
    for key in listed.contents().iter().filter_map(|object| object.key()) {
        client.delete_object().bucket(&bucket).key(key).send().await.expect("an object is deleted");
    }
    client.delete_bucket().bucket(&bucket).send().await.expect("the bucket is deleted");
    result.unwrap_or_else(|panic| resume_unwind(panic));
}

macro_rules! contracts {
    ($($name:ident,)*) => {$(
        #[tokio::test]
        #[ignore = "needs the emulator: cargo xtask test"]
        async fn $name() {
            with_bucket(async |store| contract::blobs::$name(store, seed()).await).await;
        }
    )*};
}

contracts! {
    an_upload_keeps_to_its_terms,
    a_link_is_for_one_key_alone,
    a_link_ends,
    a_download_has_its_name_and_type,
    what_was_put_is_read_from_its_beginning,
    a_copy_stays_when_the_first_goes,
}
