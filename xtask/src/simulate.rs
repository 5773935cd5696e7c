//! `cargo xtask simulate`: builds the simulation optimised and runs many seeds of it, or one with all its steps.

use crate::progress::{Plan, Step};
use crate::root::{self, Workspace};
use crate::{command, instance};
use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

const PROFILE: &str = "simulation";

#[derive(clap::Args)]
pub struct Options {
    /// How many seeds
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// How many steps each run takes before everything heals
    #[arg(long, default_value_t = 500)]
    steps: u64,
    /// Runs side by side; one for each core unless you say
    #[arg(long)]
    jobs: Option<u64>,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Run this one seed, look at everything after each step, and print what happens
    #[arg(long, conflicts_with_all = ["seeds", "first", "jobs"])]
    seed: Option<u64>,
}

pub fn run(root: &Path, options: &Options) -> Result<ExitCode> {
    let Options { seeds, steps, jobs, first, seed } = options;
    let program = build(root)?;
    if let Some(seed) = seed {
        let mut one = Command::new(program);
        let holds = command::run_in_terminal(one.arg("one").args([seed, steps].map(u64::to_string)))?;
        return Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let jobs = jobs.unwrap_or(cores).max(1);
    let mut many = Command::new(program);
    many.arg("many").args([seeds, steps, &jobs, first].map(u64::to_string));
    run_many(root, &mut many, *seeds, &format!("{seeds} seeds of {steps} steps on {jobs} threads"))
}

/// Debug assertions and overflow checks are on: a run that meets one has found something.
fn build(root: &Path) -> Result<PathBuf> {
    println!("building the simulation; the first time takes minutes");
    let mut cargo = root::cargo(root);
    cargo.args(["build", "--profile", PROFILE, "--package", "coffer-simulation", "--example", "simulate"]);
    ensure!(command::run_in_terminal(&mut cargo)?, "the build failed");
    Ok(Workspace::load(root)?.target_directory.join(PROFILE).join("examples").join("simulate"))
}

fn run_many(root: &Path, many: &mut Command, seeds: u64, title: &str) -> Result<ExitCode> {
    let log = instance::coffer_dir(root).join("simulate.log");
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut said: Vec<String> = Vec::new();
    let started = Instant::now();
    let mut step = Plan::of(1).step(title);
    let ended = command::run(many, &log, &mut step, |line, step| match line.strip_prefix("done ") {
        Some(done) => tell(step, done.parse().unwrap_or(0), seeds, started),
        None => said.push(line.to_owned()),
    });
    let held = ended.is_ok();
    match ended {
        Ok(()) => step.done("every invariant held"),
        Err(error) if said.is_empty() => return Err(error),
        Err(_) => drop(step),
    }
    said.iter().for_each(|line| println!("{line}"));
    let a_minute = seeds as f64 * 60.0 / started.elapsed().as_secs_f64();
    println!("{}", if held { format!("{a_minute:.0} seeds a minute") } else { format!("the log: {}", log.display()) });
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(step: &mut Step, done: u64, seeds: u64, started: Instant) {
    let a_second = done as f64 / started.elapsed().as_secs_f64().max(0.001);
    let left_seconds = seeds.saturating_sub(done) as f64 / a_second.max(0.001);
    step.tell(format!("{done} of {seeds}, {:.0} a minute, {left_seconds:.0} s left", a_second * 60.0));
}
