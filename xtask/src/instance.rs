//! An instance: one emulator, one Redis and one edge with their state under `.coffer/<name>/`. `local` is what `up` runs,
//! `test` what `test` runs; they share nothing, so both may run at once.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Below what operating systems hand out for outgoing connections, so that a remembered port stays free.
const PORTS_FIRST: u16 = 20_000;
const PORTS_COUNT: u16 = 10_000;

/// The instance that tests run on.
pub const TESTS: &str = "test";

pub struct Instance {
    pub name: String,
    pub dir: PathBuf,
}

/// Chosen at the first start and kept: queue addresses in the stored state hold the emulator's port.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ports {
    pub redis: u16,
    pub emulator: u16,
    /// Where the tests have their Stripe. None in an instance from before they had one.
    #[serde(default)]
    pub stripe: Option<u16>,
}

impl Instance {
    pub fn open(root: &Path, name: &str) -> Result<Self> {
        let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !is_plain {
            bail!("an instance's name is lower-case letters and digits, not {name:?}");
        }
        let dir = coffer_dir(root).join(name);
        std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(Self { name: name.to_owned(), dir })
    }

    pub fn stack(&self) -> String {
        format!("coffer-{}", self.name)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn log(&self, name: &str) -> Result<PathBuf> {
        let folder = self.dir.join("logs");
        std::fs::create_dir_all(&folder)?;
        Ok(folder.join(format!("{name}.log")))
    }

    /// Held while something is started or stopped; a second task on the same instance is refused, not mixed in.
    pub fn lock(&self) -> Result<File> {
        let path = coffer_dir_of(&self.dir).join(format!("{}.lock", self.name));
        let file = File::options().create(true).truncate(false).write(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                bail!("another task is at work on the instance `{}`; wait for it or stop it", self.name)
            }
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the instance"),
        }
    }

    pub fn ports(&self) -> Result<Ports> {
        let known: Option<Ports> = self.read("ports.json")?;
        if let Some(ports) = known.filter(|ports| ports.stripe.is_some()) {
            return Ok(ports);
        }
        let (redis, emulator) = match known {
            Some(Ports { redis, emulator, stripe: _ }) => (redis, emulator),
            None => {
                let redis = free_port(&[])?;
                (redis, free_port(&[redis])?)
            }
        };
        let ports = Ports { redis, emulator, stripe: Some(free_port(&[redis, emulator])?) };
        self.write("ports.json", &ports)?;
        Ok(ports)
    }

    /// Forgets everything: data, deployment, ports. The lock lives beside the folder and stays.
    pub fn wipe(&self) -> Result<()> {
        std::fs::remove_dir_all(&self.dir).with_context(|| format!("cannot empty {}", self.dir.display()))?;
        Ok(std::fs::create_dir_all(&self.dir)?)
    }

    /// `None` when there is no such file, or one that an older version wrote in another shape.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        match std::fs::read(self.path(name)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {name}")),
        }
    }

    /// Readable by the owner only (one of these files holds the demo password); replaced whole, never half written.
    pub fn write(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let path = self.path(name);
        let partial = self.path(&format!("{name}.partial"));
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&partial)?;
        file.write_all(&serde_json::to_vec_pretty(value)?)?;
        std::fs::rename(&partial, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    pub fn remove(&self, name: &str) -> Result<()> {
        match std::fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Everything local is here: tools, instances. Ignored by git.
pub fn coffer_dir(root: &Path) -> PathBuf {
    root.join(".coffer")
}

fn coffer_dir_of(instance_dir: &Path) -> &Path {
    instance_dir.parent().unwrap_or(instance_dir)
}

pub fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// A free port that is none of `taken`. Two runs start looking at different places.
pub fn free_port(taken: &[u16]) -> Result<u16> {
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.subsec_nanos();
    let offset = u16::try_from(((nanos / 100) ^ std::process::id()) % u32::from(PORTS_COUNT))?;
    (0..PORTS_COUNT)
        .map(|step| PORTS_FIRST + (offset + step) % PORTS_COUNT)
        .find(|port| !taken.contains(port) && is_free(*port))
        .context("no free port between 20000 and 29999 on 127.0.0.1")
}
