//! `cargo xtask up`: from a fresh clone to an API that answers, step by step; what is there already is kept.

use crate::deploy::{DEPLOYED, Deployment};
use crate::edge_process;
use crate::functions::{self, Packages};
use crate::instance::{Instance, Ports};
use crate::progress::Plan;
use crate::python::Tools;
use crate::root::Workspace;
use crate::{http, interrupt, process, seed, services};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Building, packing, tools, servers, deployment, edge.
pub const STEPS: usize = 6;
/// A cold function on a busy laptop, twice.
const HEALTHY: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub struct Options {
    /// Return when everything is ready instead of staying until Ctrl-C
    #[arg(long)]
    detach: bool,
    /// Throw away the stored data and the deployment and begin anew
    #[arg(long)]
    fresh: bool,
    /// Where the API is served on this machine
    #[arg(long, default_value_t = 8080)]
    port: u16,
    #[arg(long, hide = true)]
    template: Option<PathBuf>,
}

pub fn run(root: &Path, options: &Options) -> Result<()> {
    let instance = Instance::open(root, "local")?;
    let lock = instance.lock()?;
    let mut plan = Plan::of(STEPS + 1);
    let stack = Stack {
        root,
        instance: &instance,
        template: options.template.clone().unwrap_or_else(|| root.join("template.yaml")),
        edge_port: options.port,
    };
    let was_running = process::records(&instance)?.values().any(process::Record::is_running);
    if options.fresh {
        services::stop(&instance)?;
        instance.wipe()?;
    }
    let demo = stack.start(&mut plan).and_then(|_| {
        let step = plan.step("Demo tenant");
        let demo = seed::demo_tenant(&instance, options.port)?;
        step.done(if demo.is_new { "signed up" } else { "is there" });
        Ok(demo)
    });
    let demo = match demo {
        Ok(demo) => demo,
        // What was running before this call stays; what it started itself it takes away again.
        Err(error) if was_running && !options.fresh => return Err(error),
        Err(error) => {
            eprintln!("stopping what was started; logs are in {}", instance.path("logs").display());
            services::stop(&instance)?;
            return Err(error);
        }
    };
    println!("\nReady after {:.1} s.\n\n{}", plan.seconds(), seed::first_call(&demo, options.port));
    drop(lock);
    if options.detach {
        println!("It runs in the background; stop it with: cargo xtask down");
        return Ok(());
    }
    println!("Press Ctrl-C to stop. Logs: cargo xtask logs --follow");
    stay(&instance)
}

/// Until the user stops it here, or elsewhere with `down`, or one of the processes ends.
fn stay(instance: &Instance) -> Result<()> {
    let ended = loop {
        if interrupt::requested() {
            break None;
        }
        let records = process::records(instance)?;
        if records.is_empty() {
            println!("Stopped by another task.");
            return Ok(());
        }
        if let Some((name, record)) = records.into_iter().find(|(_, record)| !record.is_running()) {
            // A test, or `down`, may be just about to replace it.
            std::thread::sleep(Duration::from_secs(2));
            if process::records(instance)?.get(&name).is_some_and(|now| !now.is_running()) {
                break Some((name, record.log));
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    println!("\nStopping.");
    let _lock = instance.lock()?;
    services::stop(instance)?;
    match ended {
        Some((name, log)) => bail!("the process `{name}` has ended by itself; see {}", log.display()),
        None => Ok(()),
    }
}

/// What `up` and `test` bring up alike.
pub struct Stack<'a> {
    pub root: &'a Path,
    pub instance: &'a Instance,
    pub template: PathBuf,
    pub edge_port: u16,
}

impl Stack<'_> {
    pub fn start(&self, plan: &mut Plan) -> Result<()> {
        ensure!(self.template.is_file(), "there is no {}", self.template.display());
        edge_process::ensure_port(self.instance, self.edge_port)?;
        let tools = install_tools(self.root, plan)?;
        let packages = self.build(plan)?;
        let ports = start_servers(self.instance, &tools, plan)?;
        self.deploy(&tools, ports, &packages, plan)?;
        self.open_edge(plan)
    }

    fn build(&self, plan: &mut Plan) -> Result<Packages> {
        let mut step = plan.step("Building the functions");
        functions::build(self.root, self.instance, &mut step)?;
        let workspace = Workspace::load(self.root)?;
        step.done(format!("{} functions", workspace.functions(self.root).len()));

        let mut step = plan.step("Packing the functions");
        let (packages, changed) = functions::package(self.root, &workspace, &mut step)?;
        step.done(format!("{changed} of {} changed", packages.len()));
        Ok(packages)
    }

    fn deploy(&self, tools: &Tools, ports: Ports, packages: &Packages, plan: &mut Plan) -> Result<()> {
        let mut step = plan.step("Deploying template.yaml");
        let deployment = Deployment {
            root: self.root,
            template: self.template.clone(),
            instance: self.instance,
            ports,
            edge_port: self.edge_port,
            packages,
        };
        let deployed = deployment.run(tools, &mut step)?;
        step.done(if deployed { "deployed" } else { "nothing has changed" });
        Ok(())
    }

    fn open_edge(&self, plan: &mut Plan) -> Result<()> {
        let mut step = plan.step("Opening the edge");
        edge_process::start(self.instance, self.edge_port)?;
        let health = format!("http://127.0.0.1:{}/api/v1/health/ready", self.edge_port);
        step.tell("waiting for /api/v1/health/ready");
        let mut last = String::new();
        let is_healthy = interrupt::wait_until(HEALTHY, || {
            step.tick();
            let answer = http::get(&health)?;
            last = format!("{} {}", answer.status, answer.text());
            Ok(answer.status == 200)
        })?;
        ensure!(is_healthy, "{health} does not answer 200 but {last}\nsee `cargo xtask logs`");
        step.done(format!("http://localhost:{}", self.edge_port));
        Ok(())
    }
}

pub fn install_tools(root: &Path, plan: &mut Plan) -> Result<Tools> {
    let mut step = plan.step("Python tools");
    let tools = Tools::install(root, &mut step).context("cannot install the Python tools")?;
    step.done("pinned in .coffer/venv");
    Ok(tools)
}

pub fn start_servers(instance: &Instance, tools: &Tools, plan: &mut Plan) -> Result<Ports> {
    let step = plan.step("Redis and the AWS emulator");
    let ports = instance.ports()?;
    services::start_redis(instance, tools, ports)?;
    let is_whole = services::start_emulator(instance, tools, ports)?;
    if !is_whole {
        eprintln!("\nthe emulator did not end orderly last time: what it stored since its last start is lost");
        instance.remove(DEPLOYED)?;
        seed::forget(instance)?;
    }
    step.done(format!("ports {} and {}", ports.redis, ports.emulator));
    Ok(ports)
}
