//! The two servers below the functions: Redis and the AWS emulator, both on 127.0.0.1 only. What is set
//! and why stands beside each setting.

use crate::instance::{Instance, Ports, is_free};
use crate::process;
use crate::{http, python::Tools};
use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

/// The emulator checks every call against the role of the function that makes it, as AWS does.
pub const IAM_ENFORCED: bool = true;

pub const REGION: &str = "us-east-1";
/// The emulator takes any key; this one stands for the account's root.
pub const ACCESS_KEY: &str = "test";
pub const SECRET_KEY: &str = "test";

/// There while the emulator is stopped and its state is whole on disk.
const SAVED: &str = "emulator-saved.json";
const REDIS_READY: Duration = Duration::from_secs(10);
const EMULATOR_READY: Duration = Duration::from_secs(60);
/// It writes its whole state when asked to end.
const EMULATOR_GRACE: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(5);

/// Nagle's algorithm and delayed acknowledgements cost each call of a function 44 ms otherwise.
const SITECUSTOMIZE: &str = "import socketserver\n\nsocketserver.StreamRequestHandler.disable_nagle_algorithm = True\n";

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
    if process::running(instance, "redis")?.is_some() {
        return Ok(());
    }
    stop_restarted_redis(instance);
    ensure_free("Redis", ports.redis)?;
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
    let record = process::start(instance, "redis", ports.redis, argv, &dir)?;
    process::wait_until_ready(&record, "Redis", REDIS_READY, || redis_pid(ports.redis) == Some(record.pid))
}

/// `true` when it has kept what an earlier run stored (or there was nothing to keep).
pub fn start_emulator(instance: &Instance, tools: &Tools, ports: Ports) -> Result<bool> {
    match process::records(instance)?.remove("emulator") {
        Some(emulator) if emulator.is_running() => return Ok(true),
        // Functions of an emulator that was killed may still be at work.
        Some(killed) => process::stop(instance, &killed, GRACE)?,
        None => true,
    };
    ensure_free("the emulator", ports.emulator)?;
    let is_first = !instance.path("emulator").exists();
    let is_whole = is_first || instance.path(SAVED).exists();
    instance.remove(SAVED)?;
    let argv = emulator_argv(instance, tools, ports)?;
    let record = process::start(instance, "emulator", ports.emulator, argv, &instance.path("emulator"))?;
    let ready = format!("{}/_ministack/ready", ports.endpoint());
    process::wait_until_ready(&record, "the emulator", EMULATOR_READY, || {
        http::get(&ready).is_ok_and(|answer| answer.status == 200)
    })?;
    Ok(is_whole)
}

/// `env -i` first: the functions are handed the emulator's own environment, so it holds nothing of this machine's.
fn emulator_argv(instance: &Instance, tools: &Tools, ports: Ports) -> Result<Vec<String>> {
    let dir = instance.path("emulator");
    let [temporary, python] = ["tmp", "python"].map(|name| dir.join(name));
    std::fs::create_dir_all(&temporary)?;
    std::fs::create_dir_all(&python)?;
    std::fs::write(python.join("sitecustomize.py"), SITECUSTOMIZE)?;
    let settings = [
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("HOME", text(&dir)?),
        ("LANG", "C.UTF-8".to_owned()),
        // Unpacked functions go here, so that two instances do not meet and `down` knows what is ours.
        ("TMPDIR", text(&temporary)?),
        ("PYTHONPATH", text(&python)?),
        ("BIND_HOST", "127.0.0.1".to_owned()),
        ("GATEWAY_PORT", ports.emulator.to_string()),
        // The host in the addresses it hands out; `localhost` might be looked up as IPv6 first.
        ("MINISTACK_HOST", "127.0.0.1".to_owned()),
        // What the functions are handed.
        ("AWS_ENDPOINT_URL", ports.endpoint()),
        ("MINISTACK_REGION", REGION.to_owned()),
        ("AUTH", IAM_ENFORCED.to_string()),
        ("PERSIST_STATE", "1".to_owned()),
        ("STATE_DIR", text(&dir.join("state"))?),
        ("S3_PERSIST", "1".to_owned()),
        ("S3_DATA_DIR", text(&dir.join("s3"))?),
        // Listeners that nothing here uses, on ports that two instances would fight for.
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
        ("LOG_LEVEL", "INFO".to_owned()),
    ];
    let mut argv = vec!["/usr/bin/env".to_owned(), "-i".to_owned()];
    argv.extend(settings.map(|(name, value)| format!("{name}={value}")));
    argv.push(text(&tools.program("ministack"))?);
    Ok(argv)
}

/// Stops whichever of the instance's processes run; the names of those that did.
pub fn stop(instance: &Instance) -> Result<Vec<&'static str>> {
    let mut stopped = Vec::new();
    for name in ["edge", "emulator", "redis"] {
        let Some(record) = process::records(instance)?.remove(name) else { continue };
        let was_running = record.is_running();
        let grace = if name == "emulator" { EMULATOR_GRACE } else { GRACE };
        let in_time = process::stop(instance, &record, grace)?;
        if name == "emulator" && was_running && in_time {
            instance.write(SAVED, &true)?;
        }
        process::forget(instance, name)?;
        if was_running {
            stopped.push(name);
        }
    }
    if stop_restarted_redis(instance) {
        stopped.push("redis");
    }
    Ok(stopped)
}

const REDIS_PID_FILE: &str = "redis.pid";

/// A Redis that a test started again: its pid file names it, its working folder proves that it is ours.
fn stop_restarted_redis(instance: &Instance) -> bool {
    let dir = instance.path("redis");
    let pid = std::fs::read_to_string(dir.join(REDIS_PID_FILE)).ok().and_then(|pid| pid.trim().parse().ok());
    match pid {
        Some(pid) if process::working_dir(pid).is_some_and(|cwd| cwd == dir) => {
            process::end(pid);
            true
        }
        _ => false,
    }
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

fn text(path: &std::path::Path) -> Result<String> {
    Ok(path.to_str().with_context(|| format!("{} is not valid UTF-8", path.display()))?.to_owned())
}
