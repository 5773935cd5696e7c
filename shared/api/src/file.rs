//! A file on the wire. The links to it are beside it, in the answers that have them: an event keeps none.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::attachment::Attachment;
use domain::file::{Checksum, File, Rejection};
use domain::time::Timestamp;
use serde::Serialize;

use crate::{beside, json, rfc3339};

#[derive(Serialize)]
struct FileView<'a> {
    id: String,
    status: &'static str,
    name: &'a str,
    content_type: &'static str,
    size: u32,
    checksum_sha256: String,
    rejection: Option<RejectionView>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct RejectionView {
    code: &'static str,
    message: &'static str,
}

pub fn file(file: &File) -> String {
    let File {
        id,
        tenant: _,
        name,
        content_type,
        size,
        checksum: Checksum(checksum),
        status,
        rejection,
        upload_before: _,
        check_at: _,
        attachments: _,
        created_at,
        updated_at,
        version: _,
    } = file;
    json(&FileView {
        id: id.to_string(),
        status: status.as_str(),
        name: name.as_str(),
        content_type: content_type.as_str(),
        size: size.bytes(),
        checksum_sha256: BASE64.encode(checksum),
        rejection: rejection.map(|rejection| RejectionView { code: rejection.as_str(), message: message(rejection) }),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    })
}

/// The request that uploads a file's bytes.
#[derive(Serialize)]
struct UploadView<'a> {
    method: &'a str,
    url: &'a str,
    headers: serde_json::Map<String, serde_json::Value>,
    expires_at: String,
}

/// A file and the request by which its bytes are to be sent.
pub fn file_with_upload<'a>(
    file: &str,
    (method, url): (&str, &str),
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    expires_at: Timestamp,
) -> String {
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let upload = json(&UploadView { method, url, headers, expires_at: rfc3339(expires_at) });
    beside(file, "upload", Some(&upload))
}

/// A file and where its bytes are to be had, once they are.
pub fn file_with_download(file: &str, download: Option<(&str, Timestamp)>) -> String {
    let url = download.map(|(url, _)| json(&url));
    let expires_at = download.map(|(_, expires_at)| json(&rfc3339(expires_at)));
    beside(&beside(file, "download_url", url.as_deref()), "download_expires_at", expires_at.as_deref())
}

/// A file as an order has it.
pub fn attached_file(of: &File, attachment: &Attachment) -> String {
    let order = json(&attachment.order.to_string());
    let attached_at = json(&rfc3339(attachment.attached_at()));
    beside(&beside(&file(of), "order_id", Some(&order)), "attached_at", Some(&attached_at))
}

fn message(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::NotUploaded => "Nothing was uploaded in time.",
        Rejection::WrongSize => "What was uploaded has another size.",
        Rejection::WrongChecksum => "What was uploaded has another checksum.",
        Rejection::WrongType => "What was uploaded is not of the announced type.",
    }
}
