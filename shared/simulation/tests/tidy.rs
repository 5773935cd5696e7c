//! What Cargo cannot hold: who may name what, how a file begins, how long it may grow.

mod tree;

use tree::{read, sources};

#[test]
fn only_the_right_crates_name_the_outside() {
    let rules: [(&[&str], &[&str]); 6] = [
        (&["aws_sdk_", "redis::"], &["shared/aws/", "tests/e2e/"]),
        (&["lambda_runtime", "aws_lambda_events"], &["shared/runtime/"]),
        (&["krilla::", "rustybuzz::"], &["shared/documents/"]),
        (&["minijinja::"], &["shared/letters/"]),
        (
            &["reqwest::"],
            &[
                "shared/provider/",
                "shared/webhook/",
                "functions/sandbox/",
                "shared/aws/tests/",
                "tests/e2e/",
                "xtask/",
                "bench/",
            ],
        ),
        (
            &["SystemTime::now", "std::time::Instant"],
            &[
                "shared/aws/src/system.rs",
                "shared/runtime/src/telemetry.rs",
                "tests/",
                "xtask/",
                "bench/",
                "shared/aws/tests/",
                "shared/aws/src/redis/",
                "shared/provider/src/",
                "shared/webhook/src/signer_tests.rs",
            ],
        ),
    ];
    for (path, text) in sources() {
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let is_this_file = path.starts_with("shared/simulation/tests/");
        for (names, homes) in rules {
            let is_home = is_this_file || homes.iter().any(|home| path.starts_with(home));
            for name in names {
                assert!(is_home || !code.contains(name), "{path} names {name}, which belongs in {homes:?}");
            }
        }
    }
}

/// Who may import whom, beyond what each manifest already says.
#[test]
fn manifests_keep_the_direction() {
    let allowed: [(&str, &[&str]); 10] = [
        ("shared/domain", &[]),
        ("shared/ports", &["domain"]),
        ("shared/api", &["domain"]),
        ("shared/documents", &["domain"]),
        ("shared/letters", &["domain"]),
        ("shared/app", &["api", "domain", "ports"]),
        ("shared/http-kit", &["api", "app", "domain", "ports"]),
        ("shared/credentials", &["domain", "ports"]),
        ("shared/provider", &["domain", "ports"]),
        ("shared/aws", &["domain", "ports", "sandbox"]),
    ];
    let ours = [
        "api",
        "app",
        "aws",
        "contract",
        "credentials",
        "documents",
        "domain",
        "http-kit",
        "letters",
        "memory",
        "ports",
        "provider",
        "runtime",
        "sandbox",
    ];
    for (folder, may) in allowed {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let dependencies =
            manifest.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or_default();
        for name in ours {
            let imports = dependencies.lines().any(|line| line.starts_with(&format!("{name}.workspace")));
            assert!(!imports || may.contains(&name), "{folder} must not import {name}: see docs/ARCHITECTURE.md");
        }
    }
}

#[test]
fn the_domain_is_pure() {
    for (path, text) in sources() {
        if !path.starts_with("shared/domain/src/") {
            continue;
        }
        for word in ["async ", "serde", "SystemTime", "Instant", "std::env", "std::fs", "rand::"] {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(word));
            assert!(!code, "{path} says `{word}`: the domain knows no async, no serde, no clock, no chance, no system");
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    const LINES_MAX: usize = 450;
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{path}: begin with `//!` and one to five lines of what it is");
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{path} has {lines} lines: split it");
        // Written so that this line is not found itself.
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX:")] {
            assert!(!text.contains(mark), "{path}: {mark} without an owner; do it or put it in an issue");
        }
    }
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    for (path, text) in sources() {
        for trace in [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")] {
            assert!(!text.contains(trace), "{path} names {trace}");
        }
    }
}

/// No client is told of these as of a field: a key's has a problem of its own, rows and the operator's command are ours.
const OF_NO_FIELD: [&str; 4] = ["invalid_digest", "invalid_idempotency_key", "invalid_source", "unknown"];

#[test]
fn every_code_of_a_field_is_explained() {
    let page = read("docs/STATUS-CODES.md");
    let section = page.split("## Field errors").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    for (path, text) in sources().into_iter().filter(|(path, _)| path.contains("/src/")) {
        let calls = text.split("Invalid::new(").skip(1);
        let codes = calls.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
        for code in codes.filter(|code| !OF_NO_FIELD.contains(code)) {
            let is_explained = section.lines().any(|row| row.starts_with('|') && row.contains(&format!("`{code}`")));
            assert!(is_explained, "{path}: docs/STATUS-CODES.md, Field errors, has no row of `{code}`");
        }
    }
}
