//! After a deployment: old versions of the functions and packages that no template names any more. The emulator keeps both in
//! memory and writes them out at each stop, which after a day of edits would be gigabytes.

use crate::account::Account;
use crate::aws::{elements, lambda, s3, stack_template};
use anyhow::Result;
use hyper::Method;
use serde_json::Value;

pub fn prune(endpoint: &str, stack: &str) -> Result<()> {
    let account = Account::emulator(endpoint);
    for function in functions(&account, stack)? {
        prune_versions(&account, &function)?;
    }
    prune_packages(endpoint, stack)
}

fn functions(account: &Account, stack: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut marker: Option<String> = None;
    loop {
        let marked = marker.as_deref().map(|marker| ("Marker", marker));
        let query: Vec<(&str, &str)> = [("MaxItems", "50")].into_iter().chain(marked).collect();
        let page = lambda(account, Method::GET, "/functions/", &query, None)?;
        names.extend(texts(&page["Functions"], "FunctionName"));
        match page["NextMarker"].as_str().filter(|marker| !marker.is_empty()) {
            Some(next) => marker = Some(next.to_owned()),
            None => break,
        }
    }
    names.retain(|name| name.starts_with(stack));
    Ok(names)
}

/// All but the newest code and what an alias points at.
fn prune_versions(account: &Account, function: &str) -> Result<()> {
    let path = format!("/functions/{function}");
    let list = |of: &str| lambda(account, Method::GET, &format!("{path}/{of}"), &[], None);
    let versions = texts(&list("versions")?["Versions"], "Version");
    let used = texts(&list("aliases")?["Aliases"], "FunctionVersion");
    for version in versions.iter().filter(|version| *version != "$LATEST" && !used.contains(version)) {
        lambda(account, Method::DELETE, &path, &[("Qualifier", version)], None)?;
    }
    Ok(())
}

/// All but what the deployed template names, in the bucket that SAM made.
fn prune_packages(endpoint: &str, stack: &str) -> Result<()> {
    let template = stack_template(endpoint, stack)?;
    let buckets = elements(&s3(endpoint, Method::GET, "/", &[])?, "Name");
    for bucket in buckets.iter().filter(|bucket| bucket.starts_with("aws-sam-cli-managed-default-")) {
        // It keeps versions: only what is deleted by its version is gone.
        let listing = s3(endpoint, Method::GET, &format!("/{bucket}"), &[("versions", "")])?;
        let versions = elements(&listing, "Key").into_iter().zip(elements(&listing, "VersionId"));
        for (key, version) in versions.filter(|(key, _)| !template.contains(key.as_str())) {
            s3(endpoint, Method::DELETE, &format!("/{bucket}/{key}"), &[("versionId", &version)])?;
        }
    }
    Ok(())
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[field].as_str()).map(str::to_owned).collect()
}
