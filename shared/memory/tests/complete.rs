//! No property of `contract` is forgotten: each is named in the contract tests of every adapter of its ports. The check is
//! of text, so that it needs none of those adapters.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules of ports that the AWS crate does not implement, and the crate of their other adapter.
const ELSEWHERE: &[(&str, &str)] = &[("extractor", "model"), ("provider", "provider"), ("passwords", "credentials")];

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in shared/").to_owned()
}

/// The properties of each module of `contract`.
fn properties() -> BTreeMap<String, Vec<String>> {
    let files = fs::read_dir(shared().join("contract/src")).expect("the contract crate lies beside this one");
    let paths = files.map(|file| file.expect("a file of the contract crate").path());
    let of_file = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a readable file");
        let heads = text.lines().filter_map(|line| line.strip_prefix("pub async fn "));
        let names = heads.map(|head| head.split(|c: char| !is_word(c)).next().unwrap_or_default().to_owned()).collect();
        (path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), names)
    };
    paths.map(of_file).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn names(text: &str, property: &str) -> bool {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(|c: char| !is_word(c))).any(|word| word == property)
}

#[test]
fn every_property_has_a_name_of_its_own() {
    let mut seen = BTreeMap::new();
    for (module, properties) in properties() {
        for property in properties {
            let other = seen.insert(property.clone(), module.clone());
            assert_eq!(other, None, "{property} is a property of two modules: rename one in contract/src/{module}.rs");
        }
    }
    assert!(seen.len() > 80, "only {} properties were found: does this test still read contract/src?", seen.len());
}

/// A crate's contract tests: one file, or a folder of them.
fn contract_tests(adapter: &str) -> String {
    let tests = shared().join(adapter).join("tests");
    let folder = fs::read_dir(tests.join("contract")).into_iter().flatten();
    // The provider's adapter and the model's are held to their contracts over a real socket, against the sandbox.
    let over_http = shared().join("../functions/sandbox").join(adapter).join("tests/over_http.rs");
    let files =
        folder.map(|file| file.expect("a file of the tests").path()).chain([tests.join("contract.rs"), over_http]);
    files.filter_map(|file| fs::read_to_string(file).ok()).collect()
}

fn assert_tested(adapter: &str, is_of: impl Fn(&str) -> bool) {
    let text = contract_tests(adapter);
    let of_adapter = properties().into_iter().filter(|(module, _)| is_of(module));
    let all = of_adapter.flat_map(|(module, names)| names.into_iter().map(move |name| (module.clone(), name)));
    let missing: Vec<String> = all
        .filter(|(_, name)| !names(&text, name))
        .map(|(module, name)| format!("contract::{module}::{name}"))
        .collect();
    assert!(
        missing.is_empty(),
        "shared/{adapter}/tests/contract tests {} properties too few. For each, add a test there that calls it with the \
         adapter, as shared/memory/tests/contract.rs does:\n  {}",
        missing.len(),
        missing.join("\n  ")
    );
}

#[test]
fn memory_is_held_to_every_property() {
    assert_tested("memory", |_| true);
}

#[test]
fn aws_is_held_to_every_property() {
    assert_tested("aws", |module| ELSEWHERE.iter().all(|(elsewhere, _)| *elsewhere != module));
}

#[test]
fn the_other_adapters_are_held_to_every_property() {
    for (module, adapter) in ELSEWHERE {
        assert_tested(adapter, |of| of == *module);
    }
}
