//! Where the repository is, and what cargo knows about it.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that holds `template.yaml` and the workspace's `Cargo.toml`.
pub fn root() -> Result<PathBuf> {
    if let Some(xtask) = std::env::var_os("CARGO_MANIFEST_DIR") {
        let xtask = PathBuf::from(xtask);
        return Ok(xtask.parent().context("xtask has no parent folder")?.canonicalize()?);
    }
    let here = std::env::current_dir()?;
    let is_root = |folder: &&Path| folder.join("xtask").join("requirements.txt").is_file();
    here.ancestors().find(is_root).map(Path::to_path_buf).context("run this inside the repository")
}

#[derive(Deserialize)]
pub struct Workspace {
    pub target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

impl Workspace {
    pub fn load(root: &Path) -> Result<Self> {
        let output = cargo(root).args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
        if !output.status.success() {
            bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The names of the packages `functions/<noun>/<verb>`, sorted; each builds one binary of that name.
    pub fn functions(&self, root: &Path) -> Vec<String> {
        let folder = root.join("functions");
        let is_function = |package: &&Package| package.manifest_path.starts_with(&folder);
        let mut names: Vec<String> = self.packages.iter().filter(is_function).map(|p| p.name.clone()).collect();
        names.sort();
        names
    }
}

/// Cargo in the repository, without what `cargo run` has set for this process.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}
