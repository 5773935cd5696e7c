//! The repository as the completeness and tidy tests read it.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn folders(path: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// `<noun>-<verb>` of every folder under functions/.
pub fn functions() -> Vec<String> {
    let of = |noun: &String| {
        folders(&format!("functions/{noun}")).into_iter().map(|verb| format!("{noun}-{verb}")).collect::<Vec<_>>()
    };
    folders("functions").iter().flat_map(of).collect()
}

/// The folder a function's name stands for. Nouns may have a hyphen, so the folders decide.
pub fn folder_of(function: &str) -> (String, String) {
    for noun in folders("functions") {
        if let Some(verb) = function.strip_prefix(&format!("{noun}-"))
            && root().join(format!("functions/{noun}/{verb}")).is_dir()
        {
            return (noun.clone(), verb.to_owned());
        }
    }
    panic!("functions/ has no folder of {function}")
}

pub fn names_in(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

/// The resources of template.yaml by logical id, each as its lines.
pub fn template_blocks() -> BTreeMap<String, String> {
    blocks_of("template.yaml")
}

pub fn blocks_of(path: &str) -> BTreeMap<String, String> {
    let template = read(path);
    let resources =
        template.split("\nResources:\n").nth(1).and_then(|rest| rest.split("\nOutputs:\n").next()).unwrap_or_default();
    let mut blocks = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in resources.lines() {
        let name = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with([' ', '#']))
            .and_then(|rest| rest.strip_suffix(':'));
        if let Some(name) = name {
            assert!(
                !blocks.contains_key(name),
                "{path} has two resources called {name}: the second replaces the first"
            );
            current = Some(name.to_owned());
        }
        if let Some(name) = &current {
            let block: &mut String = blocks.entry(name.clone()).or_default();
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

pub fn block_names() -> Vec<String> {
    template_blocks().into_keys().collect()
}

/// Every Rust source of ours with its path from the root.
pub fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for top in ["shared", "functions", "xtask", "tests", "bench"] {
        walk(&root().join(top), top, &mut found);
    }
    assert!(found.len() > 100, "the sources were not found");
    found
}

fn walk(folder: &Path, path: &str, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{path}/{name}");
        if entry.path().is_dir() {
            walk(&entry.path(), &path, found);
        } else if name.ends_with(".rs")
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            found.push((path, text));
        }
    }
}
