//! What `cargo xtask simulate` builds and runs: `simulate many <seeds> <steps> <jobs> <first>`, which tells of its progress
//! line by line, or `simulate one <seed> <steps>`, which tells every step.

// A tool talks to who runs it.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use coffer_simulation::seeded::{Failure, Options, Ran, Seeds, simulate};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().skip(1).filter_map(|text| text.parse().ok()).collect();
    match (arguments.first().map(String::as_str), numbers.as_slice()) {
        (Some("many"), [count, steps, jobs, first]) => {
            many(Seeds { first: *first, count: *count, steps: size(*steps), jobs: size(*jobs) })
        }
        (Some("one"), [seed, steps]) => one(*seed, size(*steps)),
        _ => {
            eprintln!("usage: simulate many <seeds> <steps> <jobs> <first> | simulate one <seed> <steps>");
            ExitCode::FAILURE
        }
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn many(seeds: Seeds) -> ExitCode {
    let Ran { seeds: done, sums, failures } = seeds.run(|done| println!("done {done}"));
    if let Some((first, others)) = failures.split_first() {
        println!("{first}\n");
        for Failure { seed, step, broken, .. } in others {
            println!("seed {seed} broke in step {step}: {broken}");
        }
    }
    println!("{done} seeds: {sums:?}");
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, steps: usize) -> ExitCode {
    let (trace, end) = match simulate(Options::of(seed, steps).closely()) {
        Ok((figures, trace)) => (trace, Ok(figures)),
        Err(failure) => (failure.trace.clone(), Err(failure)),
    };
    trace.iter().for_each(|line| println!("{line}"));
    match end {
        Ok(figures) => {
            println!("seed {seed} holds: {figures:?}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("seed {seed} broke in step {} of {steps}: {}", failure.step, failure.broken);
            ExitCode::FAILURE
        }
    }
}
