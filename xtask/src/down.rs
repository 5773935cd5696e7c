//! `cargo xtask down`: stops what `up` started in this repository, and nothing else. The stored data stay.

use crate::{instance::Instance, services};
use anyhow::Result;
use std::path::Path;

#[derive(clap::Args)]
pub struct Options {
    /// Which instance: `local` (of `up`) or `test`
    #[arg(long, default_value = "local")]
    instance: String,
}

pub fn run(root: &Path, options: &Options) -> Result<()> {
    let instance = Instance::open(root, &options.instance)?;
    let _lock = instance.lock()?;
    let stopped = services::stop(&instance)?;
    if stopped.is_empty() {
        println!("Nothing was running.");
    } else {
        println!("Stopped: {}.", stopped.join(", "));
    }
    Ok(())
}
