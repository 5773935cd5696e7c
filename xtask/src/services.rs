//! The two servers below the functions: Redis and the AWS emulator, both on 127.0.0.1 only. What is set
//! and why stands beside each setting.

use crate::instance::{Instance, Ports, TESTS, is_free};
use crate::process;
use crate::{http, python::Tools, python::hex};
use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The emulator checks every call against the role of the function that makes it, as AWS does.
pub const IAM_ENFORCED: bool = true;

pub const REGION: &str = "us-east-1";
/// The emulator takes any key; this one stands for the account's root.
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "test";

/// Written when the emulator starts; it writes its state when it ends, so a state older than this is not the last one.
const STARTED: &str = "emulator-started.json";
const STATE: &str = "state";
const TEMPORARY: &str = "tmp";
const REDIS_PID_FILE: &str = "redis.pid";
/// Nothing of this machine's: the same settings wherever `up` is called from.
const PLAIN_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const REDIS_READY: Duration = Duration::from_secs(10);
const EMULATOR_READY: Duration = Duration::from_secs(60);
/// It writes its whole state when asked to end.
const EMULATOR_GRACE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(5);

/// The emulator's start, with repairs.
const LAUNCHER: &str = include_str!("../emulator.py");

impl Ports {
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.emulator)
    }

    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.redis)
    }
}

/// A real Redis or Valkey. It keeps nothing over a stop: it is a cache.
pub fn start_redis(instance: &Instance, tools: &Tools, ports: Ports) -> Result<()> {
    let argv = redis_argv(instance, tools, ports)?;
    if is_running_as(instance, "redis", &argv)? {
        return Ok(());
    }
    stop_redis(instance)?;
    ensure_free("Redis", ports.redis)?;
    let record = process::start(instance, "redis", ports.redis, argv, &instance.path("redis"))?;
    process::wait_until_ready(&record, "Redis", REDIS_READY, || redis_pid(ports.redis) == Some(record.pid))
}

fn redis_argv(instance: &Instance, tools: &Tools, ports: Ports) -> Result<Vec<String>> {
    let dir = instance.path("redis");
    let port = ports.redis.to_string();
    let pid_file = text(&dir.join(REDIS_PID_FILE))?;
    let settings = [
        ("--bind", "127.0.0.1"),
        ("--port", &port),
        ("--dir", &text(&dir)?),
        ("--pidfile", &pid_file),
        ("--save", ""),
        ("--appendonly", "no"),
        ("--maxmemory", "256mb"),
        ("--maxmemory-policy", "allkeys-lru"),
    ];
    let mut argv = vec![text(&find_redis(tools)?)?];
    argv.extend(settings.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]));
    Ok(argv)
}

/// `true` when it has kept what an earlier run stored (or there was nothing to keep).
pub fn start_emulator(instance: &Instance, tools: &Tools, ports: Ports) -> Result<bool> {
    let argv = emulator_argv(instance, tools, ports)?;
    if is_running_as(instance, "emulator", &argv)? {
        return Ok(true);
    }
    stop_emulator(instance)?;
    ensure_free("the emulator", ports.emulator)?;
    let is_whole = has_kept_its_state(instance);
    std::fs::create_dir(instance.path("emulator").join(TEMPORARY))?;
    instance.write(STARTED, &true)?;
    let record = process::start(instance, "emulator", ports.emulator, argv, &instance.path("emulator"))?;
    let ready = format!("{}/_ministack/ready", ports.endpoint());
    process::wait_until_ready(&record, "the emulator", EMULATOR_READY, || {
        http::get(&ready).is_ok_and(|answer| answer.status == 200)
    })?;
    Ok(is_whole)
}

/// A process with other settings (of another version of these tasks or tools) is not the one that is wanted.
fn is_running_as(instance: &Instance, name: &str, argv: &[String]) -> Result<bool> {
    Ok(process::running(instance, name)?.is_some_and(|record| record.argv == argv))
}

fn has_kept_its_state(instance: &Instance) -> bool {
    let modified = |path: PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let Some(started) = modified(instance.path(STARTED)) else { return true };
    let Ok(files) = std::fs::read_dir(instance.path("emulator").join(STATE)) else { return false };
    let is_state = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    files.flatten().map(|file| file.path()).filter(is_state).filter_map(modified).any(|written| written > started)
}

/// `env -i` first: the functions are handed the emulator's own environment, so it holds nothing of this machine's.
fn emulator_argv(instance: &Instance, tools: &Tools, ports: Ports) -> Result<Vec<String>> {
    let dir = instance.path("emulator");
    let temporary = dir.join(TEMPORARY);
    std::fs::create_dir_all(&dir)?;
    let launcher = dir.join("emulator.py");
    std::fs::write(&launcher, LAUNCHER)?;
    let settings = [
        ("PATH", PLAIN_PATH.to_owned()),
        // Another version of the tools or of the launcher is another emulator.
        ("COFFER_TOOLS", tools.version.clone()),
        ("COFFER_LAUNCHER", hex(&Sha256::digest(LAUNCHER))[..12].to_owned()),
        ("HOME", text(&dir)?),
        ("LANG", "C.UTF-8".to_owned()),
        // Unpacked functions go here, so that two instances do not meet and `down` knows what is ours.
        ("TMPDIR", text(&temporary)?),
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", ports.emulator.to_string()),
        // The host in the addresses it hands out; `localhost` might be looked up as IPv6 first.
        ("MINISTACK_HOST", "127.0.0.1".to_owned()),
        // What the functions are handed.
        ("AWS_ENDPOINT_URL", ports.endpoint()),
        ("MINISTACK_REGION", REGION.to_owned()),
        ("AUTH", IAM_ENFORCED.to_string()),
        // The tests' is thrown away.
        ("PERSIST_STATE", u8::from(instance.name != TESTS).to_string()),
        ("STATE_DIR", text(&dir.join(STATE))?),
        ("S3_PERSIST", "1".to_owned()),
        ("S3_DATA_DIR", text(&dir.join("s3"))?),
        // Listeners that nothing here uses, on ports that two instances would fight for.
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
        ("LOG_LEVEL", "INFO".to_owned()),
    ];
    let mut argv = vec!["/usr/bin/env".to_owned(), "-i".to_owned()];
    argv.extend(settings.map(|(name, value)| format!("{name}={value}")));
    argv.extend([text(&tools.program("python"))?, text(&launcher)?]);
    Ok(argv)
}

/// Stops whichever of the instance's processes run; the names of those that did.
pub fn stop(instance: &Instance) -> Result<Vec<&'static str>> {
    let mut stopped = Vec::new();
    if stop_recorded(instance, "edge", GRACE)?.is_some() {
        stopped.push("edge");
    }
    if stop_emulator(instance)? {
        stopped.push("emulator");
    }
    if stop_redis(instance)? {
        stopped.push("redis");
    }
    Ok(stopped)
}

fn stop_emulator(instance: &Instance) -> Result<bool> {
    let in_time = stop_recorded(instance, "emulator", EMULATOR_GRACE)?;
    if in_time == Some(false) {
        // What it had written by then is not the whole: as if it had been killed at its start.
        instance.write(STARTED, &true)?;
    }
    // Functions as they were unpacked, gigabytes: each is unpacked anew at its first call.
    remove(&instance.path("emulator").join(TEMPORARY))?;
    Ok(in_time.is_some())
}

/// All that a stopped emulator has stored.
pub fn forget(instance: &Instance) -> Result<()> {
    remove(&instance.path("emulator"))
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The recorded one, and one that a test started again: its pid file names it, its working folder proves that it is ours.
fn stop_redis(instance: &Instance) -> Result<bool> {
    let was_running = stop_recorded(instance, "redis", GRACE)?.is_some();
    let dir = instance.path("redis");
    let pid = std::fs::read_to_string(dir.join(REDIS_PID_FILE)).ok().and_then(|pid| pid.trim().parse().ok());
    let Some(pid) = pid.filter(|pid| process::working_dir(*pid).is_some_and(|cwd| cwd == dir)) else {
        return Ok(was_running);
    };
    process::end(pid, GRACE);
    Ok(true)
}

/// `None` when it did not run, else whether it ended by itself in time.
fn stop_recorded(instance: &Instance, name: &str, grace: Duration) -> Result<Option<bool>> {
    let Some(record) = process::records(instance)?.remove(name) else { return Ok(None) };
    let was_running = record.is_running();
    let in_time = process::stop(instance, &record, grace);
    process::forget(instance, name)?;
    Ok(was_running.then_some(in_time))
}

fn find_redis(tools: &Tools) -> Result<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let installed = ["redis-server", "valkey-server"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file());
    let program = installed.unwrap_or_else(|| tools.program("redis-server"));
    ensure!(program.is_file(), "no redis-server or valkey-server found, not even in {}", program.display());
    Ok(program)
}

/// Which process answers on this port as Redis.
fn redis_pid(port: u16) -> Option<i32> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(b"INFO server\r\n").ok()?;
    let mut answer = [0_u8; 4096];
    let read = stream.read(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.lines().find_map(|line| line.strip_prefix("process_id:"))?.trim().parse().ok()
}

fn ensure_free(what: &str, port: u16) -> Result<()> {
    ensure!(
        is_free(port),
        "port {port}, on which {what} of this instance runs, is taken by another program; stop that, or start over on \
         other ports with --fresh (empties the instance)"
    );
    Ok(())
}

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().with_context(|| format!("{} is not valid UTF-8", path.display()))?.to_owned())
}
