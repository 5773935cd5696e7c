//! From source to what `sam deploy` takes: one cargo build for all functions, then `target/lambda/<name>/bootstrap` and, so
//! that SAM need not pack what did not change, `target/lambda/<name>.zip`.

use crate::{command, elf, instance::Instance, progress::Step, root};
use anyhow::{Context, Result, ensure};
use flate2::{Compression, Crc, write::DeflateEncoder};
use root::Workspace;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

/// Name of a function and the fingerprint of its package.
pub type Packages = BTreeMap<String, String>;

/// One cargo call with the whole workspace's features: a build of single packages would compile the SDKs twice.
pub fn build(root: &Path, instance: &Instance, step: &mut Step) -> Result<()> {
    let mut cargo = root::cargo(root);
    // The test is empty; `xtask/tests/same_features.rs` says what it is for.
    cargo.args(["build", "--workspace", "--bins", "--test", "same_features"]);
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
    cargo.env("CARGO_TERM_COLOR", "never");
    command::run(&mut cargo, &instance.log("build")?, step, |line, step| {
        if let Some((done, total)) = units(line) {
            step.tell_part("unit", done, total);
        } else if line.contains("waiting for file lock") {
            step.tell("waiting for another cargo to end");
        }
    })
}

/// Cargo's own count, from a line such as `Building [====>   ] 12/345: serde, tokio`.
fn units(line: &str) -> Option<(usize, usize)> {
    let (_, behind_bar) = line.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (done, total) = behind_bar.split(':').next()?.split_once('/')?;
    Some((done.trim().parse().ok()?, total.trim().parse().ok()?))
}

/// What was packed from what, so that an unchanged binary is not even read.
#[derive(Default, Serialize, Deserialize)]
struct Packed(BTreeMap<String, Entry>);

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    length: u64,
    modified_ns: u128,
    fingerprint: String,
}

/// Lays out and packs every function; the second value counts those that changed.
pub fn package(root: &Path, workspace: &Workspace, step: &mut Step) -> Result<(Packages, usize)> {
    let names = workspace.functions(root);
    let out = lambda_dir(root);
    std::fs::create_dir_all(&out)?;
    let index = out.join("packed.json");
    let before: Packed =
        std::fs::read(&index).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let binaries = workspace.target_directory.join("debug");

    let entries = in_parallel(&names, step, |name| {
        let source = binaries.join(name);
        let metadata = std::fs::metadata(&source).with_context(|| format!("{} was not built", source.display()))?;
        pack(&source, &metadata, before.0.get(name), &out.join(name))
    })?;
    let changed = entries
        .iter()
        .filter(|(name, entry)| before.0.get(*name).map(|e| &e.fingerprint) != Some(&entry.fingerprint))
        .count();
    let packages = entries.iter().map(|(name, entry)| (name.clone(), entry.fingerprint.clone())).collect();
    write_whole(&index, &serde_json::to_vec_pretty(&Packed(entries))?, 0o644)?;
    Ok((packages, changed))
}

pub fn lambda_dir(root: &Path) -> PathBuf {
    root.join("target").join("lambda")
}

fn pack(source: &Path, metadata: &Metadata, before: Option<&Entry>, folder: &Path) -> Result<Entry> {
    let modified_ns = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
    let zip = folder.with_extension("zip");
    let bootstrap = folder.join("bootstrap");
    let is_there = zip.is_file() && bootstrap.is_file();
    let same_file = |entry: &&Entry| entry.length == metadata.len() && entry.modified_ns == modified_ns;
    if let Some(entry) = before.filter(same_file).filter(|_| is_there) {
        return Ok(entry.clone());
    }
    let binary = elf::without_symbols(std::fs::read(source)?);
    let mut crc = Crc::new();
    crc.update(&binary);
    // It only has to tell a binary from the one before; a cryptographic hash of all of them takes seconds unoptimised.
    let fingerprint = format!("{:08x}-{}", crc.sum(), binary.len());
    let same_content = before.is_some_and(|entry| entry.fingerprint == fingerprint);
    if !(is_there && same_content) {
        std::fs::create_dir_all(folder)?;
        // A file of its own: `cargo lambda build` writes into the one that is there, and a link would be cargo's binary.
        write_whole(&bootstrap, &binary, 0o755)?;
        write_whole(&zip, &zip_of(&binary, crc.sum())?, 0o644)?;
    }
    Ok(Entry { length: metadata.len(), modified_ns, fingerprint })
}

/// Replaces the file in one move: another instance may be reading it.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}", std::process::id()));
    std::fs::write(&partial, bytes)?;
    std::fs::set_permissions(&partial, PermissionsExt::from_mode(mode))?;
    std::fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))
}

/// A ZIP file with one executable entry, `bootstrap`. The time in it is fixed, so that equal binaries give equal packages.
/// Layout: APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
fn zip_of(binary: &[u8], checksum: u32) -> Result<Vec<u8>> {
    const NAME: &[u8] = b"bootstrap";
    const DATE_1980_01_01: u16 = 0x21;
    const MADE_BY_UNIX: u16 = 3 << 8 | 20;
    const EXECUTABLE_FILE: u32 = 0o100_755 << 16;

    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(binary)?;
    let deflated = encoder.finish()?;

    // Version, flags, method (deflate), time, date, checksum, both lengths, length of the name, of the extra field.
    let mut common = Vec::new();
    common.extend([20_u16, 0, 8, 0, DATE_1980_01_01].iter().flat_map(|v| v.to_le_bytes()));
    let lengths = [checksum, u32::try_from(deflated.len())?, u32::try_from(binary.len())?];
    common.extend(lengths.iter().flat_map(|v| v.to_le_bytes()));
    common.extend([u16::try_from(NAME.len())?, 0].iter().flat_map(|v| v.to_le_bytes()));

    let mut zip = Vec::with_capacity(deflated.len() + 200);
    zip.extend(b"PK\x03\x04");
    zip.extend(&common);
    zip.extend(NAME);
    zip.extend(&deflated);
    let directory_at = zip.len();
    zip.extend(b"PK\x01\x02");
    zip.extend(MADE_BY_UNIX.to_le_bytes());
    zip.extend(&common);
    // Comment, disk, internal attributes; external attributes; where the local header is.
    zip.extend([0_u8; 6]);
    zip.extend(EXECUTABLE_FILE.to_le_bytes());
    zip.extend(0_u32.to_le_bytes());
    zip.extend(NAME);
    let directory_length = zip.len() - directory_at;
    zip.extend(b"PK\x05\x06");
    zip.extend([0_u16, 0, 1, 1].iter().flat_map(|v| v.to_le_bytes()));
    zip.extend([u32::try_from(directory_length)?, u32::try_from(directory_at)?].iter().flat_map(|v| v.to_le_bytes()));
    zip.extend([0, 0]);
    Ok(zip)
}

/// Does the work for each name on all cores.
fn in_parallel<T: Send>(
    names: &[String],
    step: &mut Step,
    work: impl Fn(&str) -> Result<T> + Sync,
) -> Result<BTreeMap<String, T>> {
    let left = Mutex::new(names.iter());
    let (sender, results) = std::sync::mpsc::channel();
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(names.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (left, work, sender) = (&left, &work, sender.clone());
            scope.spawn(move || {
                while let Some(name) = left.lock().ok().and_then(|mut names| names.next()) {
                    if sender.send((name.clone(), work(name))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut done = BTreeMap::new();
        for (name, result) in results {
            done.insert(name, result?);
            step.tell_part("package", done.len(), names.len());
        }
        ensure!(done.len() == names.len(), "packing was cut short");
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::{units, zip_of};
    use flate2::Crc;

    #[test]
    fn the_count_is_read_from_cargos_bar() {
        assert_eq!(units("    Building [=====>       ] 12/345: serde, tokio(bin)"), Some((12, 345)));
        assert_eq!(units("    Building [============>] 344/345"), Some((344, 345)));
        assert_eq!(units("   Compiling serde v1.0.0"), None);
    }

    /// `unzip` in Python's words, when there is a Python: the emulator's own reader.
    #[test]
    fn the_package_is_a_zip_file_with_an_executable() {
        let path = std::env::temp_dir().join(format!("coffer-package-{}.zip", std::process::id()));
        let content = b"#!/bin/sh\n".repeat(1000);
        let mut crc = Crc::new();
        crc.update(&content);
        std::fs::write(&path, zip_of(&content, crc.sum()).expect("packed")).expect("written");
        let code = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\ni = z.getinfo('bootstrap')\n\
                    print(z.testzip(), oct(i.external_attr >> 16), len(z.read(i)))";
        let output = std::process::Command::new("python3").args(["-c", code]).arg(&path).output();
        std::fs::remove_file(&path).expect("removed");
        if let Ok(output) = output {
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("None 0o100755 {}", content.len()));
        }
    }
}
