//! The pinned Python tools (emulator, SAM, cfn-lint, a Redis binary) in `.coffer/venv`. Where pip looks for packages is the
//! machine's own setting. A stamp with the hash of the pins makes every later run skip this.

use crate::{command, instance::coffer_dir, progress::Step};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PYTHONS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];

pub struct Tools {
    bin: PathBuf,
    /// Changes with the pins.
    pub version: String,
}

impl Tools {
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Makes the venv unless it is there and made from the same pins.
    pub fn install(root: &Path, step: &mut Step) -> Result<Self> {
        let requirements = root.join("xtask").join("requirements.txt");
        let pins = std::fs::read_to_string(&requirements).context("cannot read xtask/requirements.txt")?;
        let coffer = coffer_dir(root);
        let venv = coffer.join("venv");
        let stamp = venv.join("coffer-stamp");
        let wanted = hex(&Sha256::digest(pins.as_bytes()));
        let tools = Self { bin: venv.join("bin"), version: wanted[..12].to_owned() };
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(tools);
        }
        std::fs::create_dir_all(&coffer)?;
        let python = find_python()?;
        step.tell("making the venv");
        let log = coffer.join("venv.log");
        command::run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv), &log, step, |_, _| ())
            .context("python3 needs its venv module (on Debian: python3-venv)")?;

        let total = pins.lines().filter(|line| line.contains("==")).count();
        let mut fetched = 0;
        let mut pip = Command::new(tools.program("python"));
        pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-r"]).arg(&requirements);
        command::run(&mut pip, &log, step, |line, step| {
            if line.starts_with("Collecting") {
                fetched += 1;
                step.tell_part("fetching package", fetched, total);
            } else if line.starts_with("Installing collected") {
                step.tell(format!("installing {total} packages"));
            }
        })?;
        std::fs::write(stamp, wanted)?;
        Ok(tools)
    }
}

fn find_python() -> Result<&'static str> {
    let is_usable = |program: &&&str| {
        let code = "import sys; sys.exit(sys.version_info < (3, 11))";
        let quiet = Command::new(**program).args(["-c", code]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    };
    match PYTHONS.iter().find(is_usable) {
        Some(program) => Ok(program),
        None => bail!("no Python 3.11 or newer found on PATH (tried {})", PYTHONS.join(", ")),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
