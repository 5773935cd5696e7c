//! `cargo xtask test`: every check there is, in order of cost, each timed; stops at the first that fails. The stack it tests
//! against is its own (instance `test`) and is taken down whatever happens.

use crate::command::{self, run_in_terminal};
use crate::instance::{Instance, Ports, TESTS, coffer_dir, free_port};
use crate::progress::Plan;
use crate::{deploy, interrupt, logs, process, root, services, up};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

const CARGO_DENY: &str = "0.20.2";

#[derive(clap::Args)]
pub struct Options {
    /// Only what needs no stack: fmt, clippy, unit
    #[arg(long, conflicts_with = "only")]
    quick: bool,
    /// Only this part, and what it needs
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// rustfmt has nothing to change
    Fmt,
    /// clippy has nothing to say
    Clippy,
    /// unit, contract (in memory), simulation and completeness tests
    Unit,
    /// cfn-lint and SAM accept the templates
    Template,
    /// licences, bans, sources and advisories of the dependencies
    Deny,
    /// the stack comes up from nothing
    Stack,
    /// the contract tests against the real adapters
    Contract,
    /// the end-to-end tests through the public API
    E2e,
}

impl Part {
    const ALL: [Self; 8] =
        [Self::Fmt, Self::Clippy, Self::Unit, Self::Template, Self::Deny, Self::Stack, Self::Contract, Self::E2e];
    const QUICK: [Self; 3] = [Self::Fmt, Self::Clippy, Self::Unit];

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Options {
    fn parts(&self) -> Vec<Part> {
        match self.only {
            None if self.quick => Part::QUICK.to_vec(),
            None => Part::ALL.to_vec(),
            Some(part @ (Part::Contract | Part::E2e)) => vec![Part::Stack, part],
            Some(part) => vec![part],
        }
    }
}

pub fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    let instance = Instance::open(root, TESTS)?;
    let parts = options.parts();
    let _lock = parts.contains(&Part::Stack).then(|| instance.lock()).transpose()?;
    let needs_api = parts.contains(&Part::E2e) || options.only == Some(Part::Stack);
    let mut run = Run { root, instance: &instance, needs_api, stack: None };
    let mut report = Vec::new();
    let mut failure = None;
    for part in parts {
        println!("\n== {} ==", part.name());
        let started = Instant::now();
        let result = run.part(part);
        report.push((part, started.elapsed().as_secs_f64(), result.is_ok()));
        if let Err(error) = result {
            failure = Some((part, error));
            break;
        }
    }
    let kept = run.take_down()?;
    print_report(&report);
    let Some((part, error)) = failure else { return Ok(ExitCode::SUCCESS) };
    println!("\n{} failed: {error:#}", part.name());
    if let Some(logs) = kept {
        println!("What the functions called errors, the last ones (not all are faults: tests provoke them):");
        logs::last_errors(&instance).iter().for_each(|line| println!("  {line}"));
        println!("Logs of the stack: {logs}");
    }
    println!("To run this part again: cargo xtask test --only {}", part.name());
    Ok(ExitCode::FAILURE)
}

fn print_report(report: &[(Part, f64, bool)]) {
    println!("\npart        seconds  result");
    for (part, seconds, passed) in report {
        println!("{:<10} {seconds:>8.1}  {}", part.name(), if *passed { "ok" } else { "FAILED" });
    }
    let total: f64 = report.iter().map(|(_, seconds, _)| seconds).sum();
    println!("{:<10} {total:>8.1}", "all");
}

struct Run<'a> {
    root: &'a Path,
    instance: &'a Instance,
    needs_api: bool,
    stack: Option<Stack>,
}

/// What the tests are told about the running stack.
struct Stack {
    ports: Ports,
    edge_port: u16,
}

impl Run<'_> {
    fn part(&mut self, part: Part) -> Result<()> {
        match part {
            Part::Fmt => self.cargo(&["fmt", "--all", "--check"]),
            Part::Clippy => self.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
            Part::Unit => self.cargo(&["test", "--workspace"]),
            Part::Template => self.template(),
            Part::Deny => self.deny(),
            Part::Stack => self.start_stack(),
            // Always with the whole workspace's features: one package's own set would compile the SDKs anew.
            Part::Contract => self.cargo_with_stack(&["test", "--workspace", "--test", "contract", "--", "--ignored"]),
            Part::E2e => self.cargo_with_stack(&["test", "--workspace", "--test", "e2e", "--", "--ignored"]),
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Result<()> {
        succeed(root::cargo(self.root).args(arguments))
    }

    fn template(&self) -> Result<()> {
        let mut plan = Plan::of(3);
        let tools = up::install_tools(self.root, &mut plan)?;
        let mut templates = vec![self.root.join("template.yaml")];
        for entry in std::fs::read_dir(self.root.join("infra")).context("there is no infra/")?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "yaml") {
                templates.push(entry.path());
            }
        }
        let mut step = plan.step("cfn-lint");
        let mut lint = Command::new(tools.program("cfn-lint"));
        lint.current_dir(self.root).arg("--").args(&templates);
        command::run(&mut lint, &self.instance.log("cfn-lint")?, &mut step, |_, _| ())?;
        step.done(format!("{} templates", templates.len()));

        let mut step = plan.step("sam validate");
        let mut validate = deploy::sam(&tools, self.instance)?;
        validate.current_dir(self.root).args(["validate", "--lint", "--region", services::REGION, "--template-file"]);
        validate.arg(&templates[0]);
        command::run(&mut validate, &self.instance.log("sam-validate")?, &mut step, |_, _| ())?;
        step.done("valid");
        Ok(())
    }

    fn deny(&self) -> Result<()> {
        let tools = coffer_dir(self.root).join("tools");
        let program = tools.join("bin").join("cargo-deny");
        if !program.is_file() {
            println!("installing cargo-deny {CARGO_DENY} into .coffer/tools (once, some minutes)");
            let mut install = root::cargo(self.root);
            // Not optimised: it works for seconds, and would be built for minutes more.
            install
                .args(["install", "cargo-deny", "--debug", "--locked", "--version", CARGO_DENY, "--root"])
                .arg(&tools);
            succeed(&mut install)?;
        }
        let deny = || {
            let mut deny = Command::new(&program);
            deny.current_dir(self.root).arg("--workspace");
            deny
        };
        succeed(deny().args(["check", "licenses", "bans", "sources"]))?;
        if run_in_terminal(deny().args(["fetch", "db"]))? {
            succeed(deny().args(["--offline", "check", "advisories"]))
        } else {
            println!("advisories: skipped, the database cannot be fetched from here");
            Ok(())
        }
    }

    fn start_stack(&mut self) -> Result<()> {
        services::stop(self.instance)?;
        self.instance.wipe()?;
        let ports = self.instance.ports()?;
        let edge_port = free_port(&[ports.redis, ports.emulator])?;
        // From here on there is something to take down, however far it comes.
        self.stack = Some(Stack { ports, edge_port });
        if self.needs_api {
            let template = self.root.join("template.yaml");
            let stack = up::Stack { root: self.root, instance: self.instance, template, edge_port };
            return stack.start(&mut Plan::of(up::STEPS));
        }
        let mut plan = Plan::of(2);
        let tools = up::install_tools(self.root, &mut plan)?;
        up::start_servers(self.instance, &tools, &mut plan)?;
        Ok(())
    }

    fn cargo_with_stack(&self, arguments: &[&str]) -> Result<()> {
        let Stack { ports, edge_port } = self.stack.as_ref().context("the stack is not running")?;
        let mut cargo = root::cargo(self.root);
        cargo.args(arguments);
        cargo.env("COFFER_AWS_ENDPOINT", ports.endpoint()).env("COFFER_REDIS_URL", ports.redis_url());
        cargo.env("COFFER_API", format!("http://127.0.0.1:{edge_port}"));
        if let Some(port) = ports.stripe {
            cargo.env("COFFER_STRIPE", format!("127.0.0.1:{port}"));
        }
        cargo.env("COFFER_STACK", self.instance.stack()).env("COFFER_STATE_DIR", &self.instance.dir);
        cargo.env("AWS_ENDPOINT_URL", ports.endpoint()).env("AWS_REGION", services::REGION);
        cargo.env("AWS_ACCESS_KEY_ID", services::ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", services::SECRET_KEY);
        cargo.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
        // A test's own words say where it failed; what is under it is the runtime's.
        cargo.env("RUST_BACKTRACE", "0");
        succeed(&mut cargo)
    }

    /// Where the logs are, if there was a stack.
    fn take_down(&self) -> Result<Option<String>> {
        if self.stack.is_none() {
            return Ok(None);
        }
        println!("\ntaking the stack down");
        if let Err(error) = logs::keep(self.instance) {
            println!("the functions' logs could not be kept: {error:#}");
        }
        services::stop(self.instance)?;
        services::forget(self.instance)?;
        debug_assert!(process::records(self.instance)?.is_empty());
        Ok(Some(self.instance.path("logs").display().to_string()))
    }
}

fn succeed(command: &mut Command) -> Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let what = format!("{program} {}", shown(command));
    let passed = run_in_terminal(command)?;
    interrupt::check()?;
    ensure!(passed, "`{what}` failed");
    Ok(())
}

fn shown(command: &Command) -> String {
    command.get_args().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
