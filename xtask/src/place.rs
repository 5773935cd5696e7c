//! Which stack a task is about: that of an instance on this machine, or one on AWS.

use crate::account::Account;
use crate::{instance::Instance, process};
use anyhow::{Result, bail};
use std::path::Path;

#[derive(clap::Args)]
pub struct Place {
    /// Of which instance: `local` (of `up`) or `test`
    #[arg(long, default_value = "local")]
    instance: String,
    /// Of this stack on AWS instead; region and keys come from the environment
    ///
    /// Reads AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and, for what is not AWS itself,
    /// AWS_ENDPOINT_URL. Needs `curl`.
    #[arg(long, conflicts_with = "instance")]
    stack: Option<String>,
}

impl Place {
    /// Whose AWS it is, and the stack's name.
    pub fn stack(&self, root: &Path) -> Result<(Account, String)> {
        if let Some(stack) = &self.stack {
            return Ok((Account::from_environment(&|name| std::env::var(name).ok())?, stack.clone()));
        }
        let instance = Instance::open(root, &self.instance)?;
        let Some(emulator) = process::running(&instance, "emulator")? else {
            bail!("the instance `{}` is not running; start it with `cargo xtask up`", instance.name);
        };
        Ok((Account::emulator(&format!("http://127.0.0.1:{}", emulator.port)), instance.stack()))
    }
}
