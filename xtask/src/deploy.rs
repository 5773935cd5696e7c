//! `sam deploy` of the ordinary template into an instance, skipped when nothing that goes into it has changed.
//!
//! What is deployed is `template.yaml` itself; only each `CodeUri: target/lambda/<name>/` is pointed at the zip of that
//! folder, as `sam package` would do: SAM packs folders anew on every run, which for all functions takes half a minute.

use crate::aws::{self, Stack};
use crate::functions::{Packages, lambda_dir};
use crate::services::{ACCESS_KEY, REGION, SECRET_KEY};
use crate::{
    command, instance::Instance, instance::Ports, instance::TESTS, interrupt, progress::Step, prune, python::Tools,
    python::hex,
};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// What the edge and the next `up` need to know.
#[derive(Serialize, Deserialize)]
pub struct Deployed {
    pub api_url: String,
    /// Where sockets are opened.
    #[serde(default)]
    pub realtime_url: String,
    /// Of the template, every package and the parameters.
    hash: String,
}

pub const DEPLOYED: &str = "deployed.json";
const STACK_GONE: Duration = Duration::from_secs(60);
const STACK_SETTLED: Duration = Duration::from_secs(30);

pub struct Deployment<'a> {
    pub root: &'a Path,
    pub template: PathBuf,
    pub instance: &'a Instance,
    pub ports: Ports,
    pub edge_port: u16,
    pub packages: &'a Packages,
}

impl Deployment<'_> {
    /// `false` when what is there is what would be deployed.
    pub fn run(&self, tools: &Tools, step: &mut Step) -> Result<bool> {
        let template = std::fs::read_to_string(&self.template)
            .with_context(|| format!("cannot read {}", self.template.display()))?;
        let hash = self.hash(&template);
        let before: Option<Deployed> = self.instance.read(DEPLOYED)?;
        if before.is_some_and(|deployed| deployed.hash == hash) {
            return Ok(false);
        }
        self.settle()?;
        self.clear_failed_stack()?;
        let packed = self.packed_template(&template)?;
        if let Err(error) = self.sam_deploy(tools, &packed, &self.parameters(&template), step) {
            // Interrupted or not: an emulator that is stopped in the middle keeps a stack that cannot be updated.
            self.settle()?;
            return Err(error);
        }
        let stack = self.describe()?.context("the stack is not there after the deployment")?;
        let api_url = stack.output("ApiUrl")?.trim_end_matches('/').to_owned();
        let realtime_url = stack.output("RealtimeUrl")?.to_owned();
        self.instance.write(DEPLOYED, &Deployed { api_url, realtime_url, hash })?;
        step.tell("removing what the deployment has replaced");
        prune::prune(&self.ports.endpoint(), &self.instance.stack())?;
        Ok(true)
    }

    /// What the laptop sets, of the parameters that the template has.
    fn parameters(&self, template: &str) -> Vec<String> {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let parameters = [
            self.stripe_of_the_tests(),
            self.sign_ups(),
            Some(("Stage", "local".to_owned())),
            Some(("Architecture", architecture.to_owned())),
            Some(("PublicUrl", format!("http://localhost:{}/api/v1", self.edge_port))),
            Some(("AwsEndpoint", self.ports.endpoint())),
            Some(("RedisHost", "127.0.0.1".to_owned())),
            Some(("RedisPort", self.ports.redis.to_string())),
            Some(("RedisTls", "false".to_owned())),
            Some(("WebhooksAllowLoopback", "true".to_owned())),
            Some(("AllowedOrigins", format!("http://localhost:{}", self.edge_port))),
        ];
        let declared = declared_parameters(template);
        let is_declared = |(name, _): &(&str, String)| declared.contains(name);
        parameters.into_iter().flatten().filter(is_declared).map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// What people start talks to Stripe itself, with the keys they give it.
    fn stripe_of_the_tests(&self) -> Option<(&'static str, String)> {
        let port = self.ports.stripe.filter(|_| self.instance.name == TESTS)?;
        Some(("StripeUrl", format!("http://127.0.0.1:{port}")))
    }

    /// A laptop's programs share its address. Only the tests on Linux have many, and see the limit.
    fn sign_ups(&self) -> Option<(&'static str, String)> {
        let is_limited = self.instance.name == TESTS && cfg!(target_os = "linux");
        (!is_limited).then(|| ("SignUpsPerAddress", "1000000".to_owned()))
    }

    fn hash(&self, template: &str) -> String {
        let mut text = format!("{template}\n{}\n{}\n", self.instance.stack(), self.parameters(template).join("\n"));
        for (name, package) in self.packages {
            let _ = writeln!(text, "{name} {package}");
        }
        hex(&Sha256::digest(text.as_bytes()))
    }

    fn describe(&self) -> Result<Option<Stack>> {
        aws::describe_stack(&self.ports.endpoint(), &self.instance.stack())
    }

    /// Waits until nobody is at work on the stack. Not interruptible: it is what an interrupt leads to.
    fn settle(&self) -> Result<()> {
        let deadline = Instant::now() + STACK_SETTLED;
        let is_moving = |stack: &Stack| stack.status.ends_with("_IN_PROGRESS") && stack.status != "REVIEW_IN_PROGRESS";
        while self.describe()?.as_ref().is_some_and(is_moving) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// A stack whose first deployment failed can only be deleted, here as on AWS.
    fn clear_failed_stack(&self) -> Result<()> {
        let is_dead =
            |stack: &Stack| matches!(&*stack.status, "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED");
        if !self.describe()?.as_ref().is_some_and(is_dead) {
            return Ok(());
        }
        let (endpoint, stack) = (self.ports.endpoint(), self.instance.stack());
        aws::delete_stack(&endpoint, &stack)?;
        let is_gone = interrupt::wait_until(STACK_GONE, || Ok(self.describe()?.is_none()))?;
        anyhow::ensure!(is_gone, "the failed stack {stack} cannot be deleted; start over with --fresh");
        Ok(())
    }

    /// Writes the template with packed functions into a folder where every other path in it still leads to the same file.
    fn packed_template(&self, template: &str) -> Result<PathBuf> {
        let folder = self.instance.path("deploy");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let home = self.template.parent().context("the template is in no folder")?;
        for entry in std::fs::read_dir(home)?.flatten() {
            let name = entry.file_name();
            if !name.to_string_lossy().starts_with('.') && entry.path() != self.template {
                std::os::unix::fs::symlink(entry.path(), folder.join(name))?;
            }
        }
        let mut missing = Vec::new();
        let lines: Vec<String> = template.lines().map(|line| self.pointed_at_zip(line, &mut missing)).collect();
        if !missing.is_empty() {
            bail!("the template names functions that have no folder under functions/: {}", missing.join(", "));
        }
        let path = folder.join("template.yaml");
        std::fs::write(&path, lines.join("\n") + "\n")?;
        Ok(path)
    }

    fn pointed_at_zip(&self, line: &str, missing: &mut Vec<String>) -> String {
        const FOLDER: &str = "target/lambda/";
        let Some((before, rest)) = line.split_once(FOLDER) else { return line.to_owned() };
        if !before.trim_start().trim_start_matches("- ").starts_with("CodeUri:") {
            return line.to_owned();
        }
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        if !self.packages.contains_key(name) {
            missing.push(name.to_owned());
        }
        let zip = lambda_dir(self.root).join(format!("{name}.zip"));
        let before = before.trim_end_matches("./");
        format!("{before}{}{}", zip.display(), rest.trim_start_matches('/'))
    }

    fn sam_deploy(&self, tools: &Tools, template: &Path, parameters: &[String], step: &mut Step) -> Result<()> {
        let mut sam = sam(tools, self.instance)?;
        sam.env("AWS_ENDPOINT_URL", self.ports.endpoint());
        sam.current_dir(self.root).args(["deploy", "--template-file"]).arg(template);
        sam.args(["--stack-name", &self.instance.stack(), "--region", REGION, "--resolve-s3"]);
        sam.args(["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]);
        sam.arg("--parameter-overrides").args(parameters);

        let (mut uploaded, mut planned, mut done) = (0, 0, 0);
        command::run(&mut sam, &self.instance.log("deploy")?, step, |line, step| match line.split_whitespace().next() {
            // `Uploading to <hash>  262144 / 6327894  (4.14%)`, or `File with same data already exists at <hash>`
            Some("Uploading" | "File") => {
                uploaded += usize::from(line.contains("(100.00%)") || line.contains("already exists"));
                step.tell_part("function", uploaded, self.packages.len());
            }
            Some("+" | "*" | "-") => planned += 1,
            Some("CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE") => {
                done += 1;
                step.tell_part("resource", done, planned.max(done));
            }
            _ => (),
        })
    }
}

/// The names directly under `Parameters:`.
fn declared_parameters(template: &str) -> Vec<&str> {
    let lines = template.lines().skip_while(|line| !line.starts_with("Parameters:")).skip(1);
    let section = lines.take_while(|line| line.starts_with([' ', '#']) || line.trim().is_empty());
    let names = section.filter_map(|line| line.strip_prefix("  ")?.split_once(':'));
    names.map(|(name, _)| name).filter(|name| !name.starts_with([' ', '#'])).collect()
}

/// SAM for the laptop: no telemetry, no look for a newer version, none of the user's AWS profiles, no proxy in between.
pub fn sam(tools: &Tools, instance: &Instance) -> Result<Command> {
    let home = instance.path("sam");
    std::fs::create_dir_all(&home)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    std::fs::write(home.join("metadata.json"), format!("{{\"lastVersionCheck\": {now}.0}}"))?;

    let mut sam = Command::new(tools.program("sam"));
    sam.env("__SAM_CLI_APP_DIR", home).env("SAM_CLI_TELEMETRY", "0").env("PYTHONUNBUFFERED", "1");
    // Seconds between its looks at the stack; the default of five is for a service that limits calls.
    sam.env("SAM_CLI_POLL_DELAY", "0.2");
    sam.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    sam.env("AWS_DEFAULT_REGION", REGION).env("AWS_EC2_METADATA_DISABLED", "true");
    sam.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    sam.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
    for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "VIRTUAL_ENV"] {
        sam.env_remove(name);
    }
    Ok(sam)
}

#[cfg(test)]
mod tests {
    use super::declared_parameters;

    #[test]
    fn parameters_are_read_from_the_template() {
        let template = "Parameters:\n  Stage: {Type: String}\n\n  # of Redis\n  RedisHost:\n    Type: String\nRules:\n  Other: {}\n";
        assert_eq!(declared_parameters(template), ["Stage", "RedisHost"]);
        assert!(declared_parameters("Resources:\n  Stage: {}\n").is_empty());
    }
}
