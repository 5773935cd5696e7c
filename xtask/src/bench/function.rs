//! One process of a function with the environment that the template gives it, and what Linux tells of it.

use super::stub::Stub;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// USER_HZ, the unit of times in /proc: 100 on every architecture that Lambda runs on.
const TICK: Duration = Duration::from_millis(10);

/// What to run, and in which environment.
pub struct Function {
    pub binary: PathBuf,
    pub environment: Vec<(&'static str, String)>,
    pub log: PathBuf,
}

/// Ended when it is dropped.
pub struct Process {
    child: Child,
    pub spawned_at: Instant,
}

impl Function {
    pub fn start(&self, stub: &Stub) -> Result<Process> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("AWS_LAMBDA_RUNTIME_API", stub.address.to_string());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let spawned_at = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?;
        Ok(Process { child, spawned_at })
    }

    pub fn binary_bytes(&self) -> Result<u64> {
        Ok(std::fs::metadata(&self.binary)?.len())
    }
}

impl Process {
    /// User and system time of all its threads so far, in steps of 10 ms.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // The second field, the program's name, may hold blanks and brackets.
        let (_, fields) = stat.rsplit_once(')').context("no process")?;
        let ticks = |index: usize| fields.split_whitespace().nth(index - 3).and_then(|field| field.parse::<u32>().ok());
        let (utime, stime) = (ticks(14).context("no utime")?, ticks(15).context("no stime")?);
        Ok(TICK * (utime + stime))
    }

    /// Time on a processor so far, exactly, of its main thread; these functions have no other.
    pub fn cpu_of_main(&self) -> Result<Duration> {
        let nanos = self.proc("schedstat")?.split_whitespace().next().and_then(|first| first.parse().ok());
        Ok(Duration::from_nanos(nanos.context("no schedstat")?))
    }

    /// `VmRSS` is what it holds now, `VmHWM` the most it ever held. In kB.
    pub fn memory_kb(&self, name: &str) -> Result<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).with_context(|| format!("no {name}"))
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = Path::new("/proc").join(self.child.id().to_string()).join(file);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {} (Linux only)", path.display()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
