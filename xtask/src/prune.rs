//! After a deployment: old versions of the functions and packages that no template names any more. The emulator keeps both in
//! memory and writes them out at each stop, which after a day of edits would be gigabytes.

use crate::aws::{by_path, elements, stack_template};
use anyhow::{Context, Result};
use hyper::Method;
use serde_json::Value;

pub fn prune(endpoint: &str, stack: &str) -> Result<()> {
    for function in functions(endpoint, stack)? {
        prune_versions(endpoint, &function)?;
    }
    prune_packages(endpoint, stack)
}

fn functions(endpoint: &str, stack: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut query = "MaxItems=50".to_owned();
    loop {
        let page = lambda(endpoint, "/2015-03-31/functions/", &query)?;
        names.extend(texts(&page["Functions"], "FunctionName"));
        match page["NextMarker"].as_str().filter(|marker| !marker.is_empty()) {
            Some(marker) => query = format!("Marker={marker}&MaxItems=50"),
            None => break,
        }
    }
    names.retain(|name| name.starts_with(stack));
    Ok(names)
}

/// All but the newest code and what an alias points at.
fn prune_versions(endpoint: &str, function: &str) -> Result<()> {
    let path = format!("/2015-03-31/functions/{function}");
    let versions = texts(&lambda(endpoint, &format!("{path}/versions"), "")?["Versions"], "Version");
    let used = texts(&lambda(endpoint, &format!("{path}/aliases"), "")?["Aliases"], "FunctionVersion");
    for version in versions.iter().filter(|version| *version != "$LATEST" && !used.contains(version)) {
        by_path(endpoint, "lambda", Method::DELETE, &path, &format!("Qualifier={version}"))?;
    }
    Ok(())
}

/// All but what the deployed template names, in the bucket that SAM made.
fn prune_packages(endpoint: &str, stack: &str) -> Result<()> {
    let template = stack_template(endpoint, stack)?;
    let buckets = elements(&by_path(endpoint, "s3", Method::GET, "/", "")?, "Name");
    for bucket in buckets.iter().filter(|bucket| bucket.starts_with("aws-sam-cli-managed-default-")) {
        // It keeps versions: only what is deleted by its version is gone.
        let listing = by_path(endpoint, "s3", Method::GET, &format!("/{bucket}"), "versions=")?;
        let versions = elements(&listing, "Key").into_iter().zip(elements(&listing, "VersionId"));
        for (key, version) in versions.filter(|(key, _)| !template.contains(key.as_str())) {
            by_path(endpoint, "s3", Method::DELETE, &format!("/{bucket}/{key}"), &format!("versionId={version}"))?;
        }
    }
    Ok(())
}

fn lambda(endpoint: &str, path: &str, query: &str) -> Result<Value> {
    let text = by_path(endpoint, "lambda", Method::GET, path, query)?;
    serde_json::from_str(&text).context("Lambda did not answer with JSON")
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.filter_map(|item| item[field].as_str()).map(str::to_owned).collect()
}
