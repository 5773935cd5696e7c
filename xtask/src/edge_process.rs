//! Starts the edge as a process of its own, and says who holds its port when it is taken.

use crate::{deploy::DEPLOYED, edge, http, instance::Instance, instance::is_free, process};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

const READY: Duration = Duration::from_secs(10);

/// This program's file, asked for before a build replaces it.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

pub fn remember_program() -> Result<()> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    PROGRAM.get_or_init(|| program);
    Ok(())
}

/// Fails early, before anything is built, when the port is another's.
pub fn ensure_port(instance: &Instance, port: u16) -> Result<()> {
    let is_ours = process::running(instance, "edge")?.is_some_and(|edge| edge.port == port);
    if is_ours || is_free(port) {
        return Ok(());
    }
    match identity(port) {
        Some((_, deployed)) if deployed == instance.path(DEPLOYED) => {
            bail!("port {port} is held by an earlier edge of this instance that is not written down; end it first")
        }
        Some((pid, deployed)) => bail!(
            "port {port} is held by the edge of {} (process {pid}): stop that with `cargo xtask down` there, or use --port",
            deployed.parent().unwrap_or(Path::new("?")).display()
        ),
        None => bail!("port {port} is taken by another program: stop that, or choose another with --port"),
    }
}

/// Starts it unless it runs already on this port.
pub fn start(instance: &Instance, port: u16) -> Result<()> {
    if let Some(running) = process::running(instance, "edge")? {
        if running.port == port {
            return Ok(());
        }
        process::stop(instance, &running, Duration::from_secs(5));
    }
    let program = PROGRAM.get().context("this program's file is not known")?;
    let argv = [program.as_path(), Path::new("edge"), Path::new("--port"), Path::new(&port.to_string())]
        .into_iter()
        .chain([Path::new("--deployed"), &instance.path(DEPLOYED)])
        .map(|argument| argument.to_str().map(str::to_owned).context("a path is not valid UTF-8"))
        .collect::<Result<Vec<_>>>()?;
    let record = process::start(instance, "edge", port, argv, &instance.dir)?;
    process::wait_until_ready(&record, "the edge", READY, || {
        identity(port).is_some_and(|(pid, _)| pid == i64::from(record.pid))
    })
}

/// The process and the deployment behind an edge on this port, if it is one.
fn identity(port: u16) -> Option<(i64, PathBuf)> {
    let answer = http::get(&format!("http://127.0.0.1:{port}{}", edge::IDENTITY_PATH)).ok()?.json().ok()?;
    Some((answer.get("pid")?.as_i64()?, answer.get("deployed")?.as_str()?.into()))
}
