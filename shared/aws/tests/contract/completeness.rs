//! That no contract is left out. It needs no emulator.

use std::fs;
use std::path::{Path, PathBuf};

/// Of ports that are another crate's to implement; the model's is run against the sandbox, in `functions/sandbox/model`.
const NOT_HERE: [&str; 3] = ["extractor", "passwords", "provider"];

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries.map(|entry| entry.expect("readable").path()).collect()
}

#[test]
fn every_contract_function_is_called() {
    let texts: Vec<String> =
        rust_files("tests/contract").iter().map(|path| fs::read_to_string(path).expect("readable")).collect();
    let called = texts.concat();
    let mut seen = 0;
    for path in rust_files("../contract/src") {
        let module = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if NOT_HERE.contains(&module.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable");
        for rest in text.split("\npub async fn ").skip(1) {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            seen += 1;
            assert!(called.contains(name), "contract::{module}::{name} is not called: add it in tests/contract");
        }
    }
    assert!(seen > 50, "the contracts were not found");
}
