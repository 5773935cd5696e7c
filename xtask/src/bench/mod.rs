//! `cargo xtask bench`: payments-create and payments-get as they are shipped, driven as Lambda drives them, with a real Redis
//! and the emulator's table behind them. Prints what docs/BENCHMARK.md explains.

mod baseline;
mod event;
mod figures;
mod function;
mod report;
mod scenario;
mod stub;
mod table;

use crate::account::Account;
use crate::instance::{Instance, Ports};
use crate::services::{ACCESS_KEY, REGION, SECRET_KEY};
use crate::{aws, command, process, root};
use anyhow::{Context, Result, bail, ensure};
use baseline::Baseline;
use event::Callers;
use function::Function;
use root::Workspace;
use scenario::{Counts, measure};
use std::path::Path;
use table::Table;

#[derive(clap::Args)]
pub struct Options {
    /// Warm calls of each function
    #[arg(long, default_value_t = 2_000)]
    calls: usize,
    /// Fresh processes of each function
    #[arg(long, default_value_t = 40)]
    starts: usize,
    /// Whose emulator and Redis stand behind the functions: `local` (of `up`) or `test`
    #[arg(long, default_value = "local")]
    instance: String,
}

pub fn run(root: &Path, options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmark reads /proc: run it on Linux");
    let instance = Instance::open(root, &options.instance)?;
    if process::running(&instance, "emulator")?.is_none() {
        bail!("the instance `{}` is not running; start it with `cargo xtask up --detach`", instance.name);
    }
    build(root)?;
    let ports = instance.ports()?;
    let account = Account::emulator(&ports.endpoint());
    let stack = aws::describe_stack_of(&account, &instance.stack())?.context("the instance has no stack")?;
    let table = Table::like(&account, stack.output("CommerceTable")?, format!("{}-bench", instance.stack()))?;
    let bench = Bench {
        release: Workspace::load(root)?.target_directory.join("release"),
        counts: Counts { starts: options.starts.max(1), calls: options.calls.max(1) },
        instance: &instance,
        ports,
        account: &account,
        table: &table.name,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(bench.run(Callers::new(root)?))
}

/// What goes to AWS is built with `cargo lambda build --release`, from the same profile.
fn build(root: &Path) -> Result<()> {
    println!("building payments-create and payments-get in release; the first time takes minutes");
    let mut cargo = root::cargo(root);
    cargo.args(["build", "--release", "--package", "payments-create", "--package", "payments-get", "--bins"]);
    ensure!(command::run_in_terminal(&mut cargo)?, "the release build failed");
    Ok(())
}

struct Bench<'a> {
    release: std::path::PathBuf,
    counts: Counts,
    instance: &'a Instance,
    ports: Ports,
    account: &'a Account,
    table: &'a str,
}

impl Bench<'_> {
    async fn run(&self, mut callers: Callers) -> Result<()> {
        let Counts { starts, calls } = self.counts;
        println!("measuring {starts} starts and {calls} warm calls of each function");
        let machine = report::Machine::read()?;
        let create = measure(&self.function("payments-create")?, self.counts, &mut callers, Callers::create).await?;
        if let Some(failure) = &create.first_failure {
            bail!("{} of {} payments were not taken in; the first: {failure}", create.failures, create.calls);
        }
        let get = self.function("payments-get")?;
        debug_assert_eq!(create.ids.len(), self.counts.events());
        let mut each_once = create.ids.iter();
        let uncached = measure(&get, self.counts, &mut callers, |callers| {
            callers.get(each_once.next().context("more reads than payments")?)
        });
        let uncached = uncached.await?;
        let hot = create.ids.first().context("no payment")?;
        let cached = measure(&get, self.counts, &mut callers, |callers| callers.get(hot)).await?;
        let baseline = Baseline::measure(self.account, self.table, self.ports.redis).await?;
        report::print(&machine, [&create, &uncached, &cached], &baseline)
    }

    /// The environment is what Lambda sets, and the template's `Globals`.
    fn function(&self, name: &'static str) -> Result<Function> {
        let text = str::to_owned;
        let environment = vec![
            ("AWS_LAMBDA_FUNCTION_NAME", format!("{}-{name}", self.instance.stack())),
            ("AWS_LAMBDA_FUNCTION_VERSION", text("$LATEST")),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", text("256")),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", text("bench")),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", text("on-demand")),
            ("AWS_REGION", text(REGION)),
            ("AWS_ACCESS_KEY_ID", text(ACCESS_KEY)),
            ("AWS_SECRET_ACCESS_KEY", text(SECRET_KEY)),
            ("AWS_ENDPOINT_URL", self.ports.endpoint()),
            ("COMMERCE_TABLE", text(self.table)),
            ("REDIS_HOST", text("127.0.0.1")),
            ("REDIS_PORT", self.ports.redis.to_string()),
            ("REDIS_TLS", text("false")),
            ("LANG", text("en_US.UTF-8")),
            ("PATH", text("/usr/local/bin:/usr/bin:/bin")),
            ("TZ", text(":UTC")),
        ];
        let log = self.instance.log(&format!("bench-{name}"))?;
        Ok(Function { binary: self.release.join(name), environment, log })
    }
}
