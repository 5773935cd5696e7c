//! Drops what a running program does not need from a Linux binary (symbols and debug information: about two thirds of a
//! debug build), without a `strip` program: an ELF file is loaded by its segments alone, so everything behind the last
//! segment may go, if the header no longer points at the section table. Other formats pass through unchanged.

const PROGRAM_HEADERS_AT: usize = 0x20;
const SECTION_HEADERS_AT: usize = 0x28;
const PROGRAM_HEADER_SIZE_AT: usize = 0x36;
const PROGRAM_HEADER_COUNT_AT: usize = 0x38;
/// Number of section headers and index of their names: four bytes to clear.
const SECTION_HEADER_COUNT_AT: usize = 0x3C;

/// Fields of a program header (elf(5), `Elf64_Phdr`).
const SEGMENT_OFFSET_AT: usize = 0x08;
const SEGMENT_FILE_SIZE_AT: usize = 0x20;

pub fn without_symbols(mut binary: Vec<u8>) -> Vec<u8> {
    match end_of_segments(&binary) {
        Some(end) if end <= binary.len() => {
            binary[SECTION_HEADERS_AT..SECTION_HEADERS_AT + 8].fill(0);
            binary[SECTION_HEADER_COUNT_AT..SECTION_HEADER_COUNT_AT + 4].fill(0);
            binary.truncate(end);
            binary
        }
        _ => binary,
    }
}

/// `None` for anything but a 64-bit little-endian ELF file.
fn end_of_segments(binary: &[u8]) -> Option<usize> {
    let is_elf64_little_endian = binary.starts_with(b"\x7fELF\x02\x01");
    if !is_elf64_little_endian {
        return None;
    }
    let table = usize::try_from(u64_at(binary, PROGRAM_HEADERS_AT)?).ok()?;
    let size = usize::from(u16_at(binary, PROGRAM_HEADER_SIZE_AT)?);
    let count = usize::from(u16_at(binary, PROGRAM_HEADER_COUNT_AT)?);
    let mut end = table + size * count;
    for header in (0..count).map(|index| table + index * size) {
        let offset = u64_at(binary, header + SEGMENT_OFFSET_AT)?;
        let length = u64_at(binary, header + SEGMENT_FILE_SIZE_AT)?;
        end = end.max(usize::try_from(offset.checked_add(length)?).ok()?);
    }
    Some(end)
}

fn u16_at(binary: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(binary.get(at..at + 2)?.try_into().ok()?))
}

fn u64_at(binary: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(binary.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::without_symbols;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    #[test]
    fn a_binary_still_runs_and_is_smaller() {
        let own = std::env::current_exe().expect("own path");
        let whole = std::fs::read(&own).expect("own binary");
        let length = whole.len();
        let less = without_symbols(whole);
        if cfg!(target_os = "linux") {
            assert!(less.len() < length);
        }
        let path = own.with_extension(format!("without-symbols-{}", std::process::id()));
        std::fs::write(&path, less).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("executable");
        let status = Command::new(&path).arg("--list").output().expect("started").status;
        std::fs::remove_file(&path).expect("removed");
        assert!(status.success());
    }

    #[test]
    fn what_is_no_elf_file_is_left_alone() {
        let script = b"#!/bin/sh\nexit 0\n".to_vec();
        assert_eq!(without_symbols(script.clone()), script);
    }
}
