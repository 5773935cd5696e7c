//! The project's tasks. `cargo xtask --help` lists them.

// A task talks to the person who runs it.
#![allow(clippy::print_stdout)]
// Tasks run on a laptop, in real time; the ban on ambient clocks is for what the functions are made of.
#![allow(clippy::disallowed_methods)]

mod account;
mod aws;
mod bench;
mod command;
mod curl;
mod deploy;
mod dlq;
mod down;
mod edge;
mod edge_process;
mod elf;
mod fees;
mod functions;
mod http;
mod instance;
mod interrupt;
mod invoke;
mod ledger;
mod logs;
mod place;
mod process;
mod progress;
mod prune;
mod python;
mod queue;
mod root;
mod seed;
mod services;
mod sign;
mod simulate;
mod test;
mod up;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// The tasks of Coffer. They need Rust, Python 3.11 or newer with venv, and a C compiler; the rest is installed under .coffer/
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build, deploy and serve everything on this machine, without an AWS account
    ///
    /// Starts Redis and an AWS emulator, deploys template.yaml to it with the ordinary `sam deploy`, opens the API at
    /// http://localhost:8080 and signs up a demo tenant. Data are kept over `down` and `up`. Run again, it builds and
    /// deploys what has changed.
    Up(up::Options),
    /// Stop what `up` started, and nothing else; the data stay
    Down(down::Options),
    /// Print what the functions have logged
    Logs(logs::Options),
    /// List the dead letters of the queues, or send them back to be worked on again
    #[command(subcommand)]
    Dlq(dlq::Dlq),
    /// Stop the worker of a queue, or let it go on
    #[command(subcommand)]
    Queue(queue::Queue),
    /// Verify the ledger of a stack
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Say what a merchant's payments cost, from now on
    ///
    /// Sets the terms anew: what is not given is zero. What was captured keeps its fee.
    Fees(fees::Options),
    /// Measure payments-create and payments-get: cold start, CPU and time of a warm call, memory
    ///
    /// Builds both in release and drives them as Lambda does, through its Runtime API, with the emulator and the Redis of a
    /// running instance behind them. Not a test: nothing fails because it is slow.
    Bench(bench::Options),
    /// Run the simulation on many seeds, or on one with all its steps
    ///
    /// The whole of Coffer in one process, under crashes, lost and late answers, repeats, reorderings, wrong clocks and a
    /// cache that comes and goes. A run that breaks an invariant is printed with its seed and the command that runs it again.
    /// docs/RELIABILITY.md has the rest.
    Simulate(simulate::Options),
    /// Run all checks and tests, from formatting to end-to-end tests against a stack of its own
    ///
    /// Parts in order: fmt, clippy, unit, template, deny, stack, contract, e2e. Stops at the first that fails.
    Test(test::Options),
    /// The reverse proxy that `up` starts
    #[command(hide = true)]
    Edge {
        #[arg(long)]
        port: u16,
        #[arg(long)]
        deployed: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    if let Task::Edge { port, deployed } = task {
        edge::serve(port, deployed)?;
        return Ok(ExitCode::SUCCESS);
    }
    edge_process::remember_program()?;
    interrupt::install()?;
    let root = root::root()?;
    match task {
        Task::Up(options) => up::run(&root, &options)?,
        Task::Down(options) => down::run(&root, &options)?,
        Task::Logs(options) => logs::run(&root, &options)?,
        Task::Dlq(task) => dlq::run(&root, &task)?,
        Task::Queue(task) => queue::run(&root, &task)?,
        Task::Ledger(task) => return ledger::run(&root, &task),
        Task::Fees(options) => fees::run(&root, &options)?,
        Task::Bench(options) => bench::run(&root, &options)?,
        Task::Simulate(options) => return simulate::run(&root, &options),
        Task::Test(options) => return test::run(&root, &options),
        Task::Edge { .. } => unreachable!("served above"),
    }
    Ok(ExitCode::SUCCESS)
}
