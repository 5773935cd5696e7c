//! The processes of an instance: started in groups of their own, written down with the time they started, stopped only
//! when that time still fits, so that a process which later got the same number is never touched.
//!
//! `.coffer/<instance>/processes.json` is for tests that break things on purpose:
//!
//! ```json
//! { "redis": { "pid": 4711, "started": "183745", "port": 20417, "argv": ["/usr/bin/redis-server", "--port", "20417"],
//!              "cwd": "/.../redis", "log": "/.../logs/redis.log" },
//!   "emulator": { ... }, "edge": { ... } }
//! ```
//!
//! `argv`, run in `cwd`, starts the same process again with the same settings. Whoever does so writes the new `pid` and
//! `started` back (or stops it again); a Redis that was restarted without is still found by the pid file it writes.

use crate::{instance::Instance, interrupt};
use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RECORDS: &str = "processes.json";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub pid: i32,
    /// When the kernel started it, in its own unit: with the pid it names a process for good.
    pub started: String,
    pub port: u16,
    pub argv: Vec<String>,
    pub cwd: PathBuf,
    pub log: PathBuf,
}

pub type Records = BTreeMap<String, Record>;

pub fn records(instance: &Instance) -> Result<Records> {
    Ok(instance.read(RECORDS)?.unwrap_or_default())
}

/// The process of this name if it is still the one that was started.
pub fn running(instance: &Instance, name: &str) -> Result<Option<Record>> {
    Ok(records(instance)?.remove(name).filter(Record::is_running))
}

/// Starts `argv` in the background and writes it down.
pub fn start(instance: &Instance, name: &str, port: u16, argv: Vec<String>, cwd: &Path) -> Result<Record> {
    std::fs::create_dir_all(cwd)?;
    let log = instance.log(name)?;
    let out = File::options().create(true).append(true).open(&log)?;
    let (program, arguments) = argv.split_first().context("nothing to start")?;
    let child = Command::new(program)
        .args(arguments)
        .current_dir(cwd)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let pid = i32::try_from(child.id())?;
    let started = started_at(pid).with_context(|| format!("{name} ended at once; see {}", log.display()))?;
    let record = Record { pid, started, port, argv, cwd: cwd.to_path_buf(), log };
    let mut records = records(instance)?;
    records.insert(name.to_owned(), record.clone());
    instance.write(RECORDS, &records)?;
    Ok(record)
}

impl Record {
    pub fn is_running(&self) -> bool {
        started_at(self.pid).is_some_and(|started| started == self.started)
    }
}

pub fn forget(instance: &Instance, name: &str) -> Result<()> {
    let mut records = records(instance)?;
    records.remove(name);
    instance.write(RECORDS, &records)
}

/// Asks the process to end, waits, then insists; ends what it left behind. `true` when it ended by itself in time.
pub fn stop(instance: &Instance, record: &Record, grace: Duration) -> bool {
    let in_time = !record.is_running() || end(record.pid, grace);
    for orphan in orphans(record.pid, &instance.dir) {
        signal(orphan, Signal::SIGKILL);
    }
    in_time
}

/// The same for a process that is known to be ours by other means than its record. Not interruptible: it is what an
/// interrupt leads to.
pub fn end(pid: i32, grace: Duration) -> bool {
    let Some(started) = started_at(pid) else { return true };
    let has_ended = || started_at(pid).as_ref() != Some(&started);
    let wait = |time: Duration| {
        let deadline = Instant::now() + time;
        while !has_ended() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        has_ended()
    };
    signal(pid, Signal::SIGTERM);
    let in_time = wait(grace);
    if !in_time {
        signal(pid, Signal::SIGKILL);
        wait(Duration::from_secs(5));
    }
    in_time
}

/// Waits until `ready` says so; fails early when the process ends.
pub fn wait_until_ready(record: &Record, name: &str, timeout: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
    let end = || crate::command::tail(&record.log);
    let is_up = interrupt::wait_until(timeout, || {
        anyhow::ensure!(record.is_running(), "{name} ended while starting:\n{}", end());
        Ok(ready())
    })?;
    anyhow::ensure!(is_up, "{name} did not answer within {} s:\n{}", timeout.as_secs(), end());
    Ok(())
}

fn signal(pid: i32, signal: Signal) {
    // It may have ended in the meantime; the waiting above decides.
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Field 22 of /proc/<pid>/stat. `None` for a process that is gone or only waits to be collected.
#[cfg(target_os = "linux")]
pub fn started_at(pid: i32) -> Option<String> {
    let fields = stat_after_name(pid)?;
    let state = fields.first()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.get(19).cloned()
}

#[cfg(not(target_os = "linux"))]
pub fn started_at(pid: i32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (state, started) = line.split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// The fields from the third on: the second, the program's name, may hold blanks and brackets.
#[cfg(target_os = "linux")]
fn stat_after_name(pid: i32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// What is left of a group whose leader has gone (function processes of a killed emulator): same group, and working
/// inside the instance's folder.
#[cfg(target_os = "linux")]
fn orphans(group: i32, dir: &Path) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let in_group = |pid: &i32| stat_after_name(*pid).and_then(|f| f.get(2)?.parse().ok()) == Some(group);
    let in_dir = |pid: &i32| working_dir(*pid).is_some_and(|cwd| cwd.starts_with(dir));
    pids.filter(in_group).filter(in_dir).collect()
}

#[cfg(not(target_os = "linux"))]
fn orphans(_group: i32, _dir: &Path) -> Vec<i32> {
    Vec::new()
}

#[cfg(target_os = "linux")]
pub fn working_dir(pid: i32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

#[cfg(not(target_os = "linux"))]
pub fn working_dir(_pid: i32) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::{end, started_at};
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn a_process_is_known_by_when_it_started_and_ends_when_asked() {
        let mut sleeper = Command::new("sleep").arg("60").spawn().expect("sleep");
        let pid = i32::try_from(sleeper.id()).expect("a pid");
        let started = started_at(pid).expect("it runs");
        assert_eq!(started_at(pid).as_ref(), Some(&started));
        assert!(end(pid, Duration::from_secs(5)));
        assert_eq!(started_at(pid), None, "one that only waits to be collected does not run");
        sleeper.wait().expect("collected");
    }
}
