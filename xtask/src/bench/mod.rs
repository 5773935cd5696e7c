//! `cargo xtask bench`.

use anyhow::{Result, bail};
use std::path::Path;

#[derive(clap::Args)]
pub struct Options {}

pub fn run(_: &Path, _: &Options) -> Result<()> {
    bail!("not yet")
}
