//! How a tenant's mail goes out, on the wire.

use domain::mail::{MailSettings, RefusedAddress};
use serde::Serialize;

use crate::{json, rfc3339};

#[derive(Serialize)]
struct MailSettingsView<'a> {
    from_name: Option<&'a str>,
    reply_to: Option<&'a str>,
    off: Vec<&'static str>,
    logo_file_id: Option<String>,
    /// Absent until the tenant has said anything.
    updated_at: Option<String>,
}

pub fn mail_settings(settings: &MailSettings) -> String {
    let MailSettings { tenant: _, from_name, reply_to, off, logo, updated_at, version } = settings;
    json(&MailSettingsView {
        from_name: from_name.as_ref().map(|name| name.as_str()),
        reply_to: reply_to.as_ref().map(|address| address.as_str()),
        off: off.iter().map(|kind| kind.as_str()).collect(),
        logo_file_id: logo.map(|file| file.to_string()),
        updated_at: (*version > 0).then(|| rfc3339(*updated_at)),
    })
}

#[derive(Serialize)]
struct RefusedAddressView {
    address_sha256: String,
    reason: &'static str,
    refused_at: String,
}

pub fn refused_address(refused: &RefusedAddress) -> String {
    let RefusedAddress { address, refusal, refused_at } = refused;
    json(&RefusedAddressView {
        address_sha256: address.to_string(),
        reason: refusal.as_str(),
        refused_at: rfc3339(*refused_at),
    })
}
