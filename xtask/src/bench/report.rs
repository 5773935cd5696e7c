//! The table that the benchmark prints, in Markdown.

use super::baseline::Baseline;
use super::figures::Figures;
use super::scenario::Measured;
use anyhow::{Context, Result};
use std::time::Duration;

/// On what was measured, and how much of it was in use meanwhile.
pub struct Machine {
    processor: String,
    cores: usize,
    before: Ticks,
}

impl Machine {
    pub fn read() -> Result<Self> {
        let processors = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Ok(Self {
            processor: model.map_or(std::env::consts::ARCH, |(_, model)| model).to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            before: Ticks::read()?,
        })
    }

    /// What takes turns uses one processor: much more than that is other programs, which make all figures worse.
    fn shown(&self) -> Result<String> {
        let Self { processor, cores, before } = self;
        let now = Ticks::read()?;
        let in_use = (now.in_use - before.in_use) as f64 / (now.all - before.all).max(1) as f64 * *cores as f64;
        Ok(format!("{cores} x {processor}; {in_use:.1} of them were in use while it ran, about 1.0 by itself"))
    }
}

/// The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
struct Ticks {
    in_use: u64,
    all: u64,
}

impl Ticks {
    fn read() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let first = stat.lines().next().context("an empty /proc/stat")?;
        let fields: Vec<u64> =
            first.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
        let all = fields.iter().sum();
        let idle: u64 = fields.iter().skip(3).take(2).sum();
        Ok(Self { in_use: all - idle, all })
    }
}

type Cell = fn(&Measured) -> String;

const ROWS: [(&str, Cell); 14] = [
    ("first answer after process start, median (ms)", |m| ms(m.first_answer.median())),
    ("- range (ms)", |m| range(&m.first_answer)),
    ("- until it asks for work, median (ms)", |m| ms(m.first_next.median())),
    ("- time on a processor, median (ms)", |m| ms(m.first_cpu.median())),
    ("CPU per warm call (ms)", |m| format!("{:.2}", m.cpu_per_call.as_secs_f64() * 1e3)),
    ("warm call, p50 (ms)", |m| ms(m.warm.median())),
    ("warm call, p95 (ms)", |m| ms(m.warm.percentile(95))),
    ("memory, VmRSS after the calls (MB)", |m| megabytes(m.resident_kb)),
    ("memory, VmHWM (MB)", |m| megabytes(m.peak_kb)),
    ("binary (MB)", |m| megabytes(m.binary_bytes / 1_024)),
    ("calls", |m| m.calls.to_string()),
    ("- answered from the cache", |m| m.cache_hits.to_string()),
    ("- for which Redis was too slow", |m| m.cache_away.to_string()),
    ("- answered with anything but 2xx", |m| m.failures.to_string()),
];

pub fn print(machine: &Machine, columns: [&Measured; 3], baseline: &Baseline) -> Result<()> {
    println!("\n{}\n", machine.shown()?);
    print_row("", ["payments-create", "payments-get, table", "payments-get, cache"].map(str::to_owned));
    println!("|{:-<48}|{:->22}|{:->22}|{:->22}|", "", ":", ":", ":");
    for (name, cell) in ROWS {
        print_row(name, columns.map(cell));
    }
    for failure in columns.iter().filter_map(|column| column.first_failure.as_ref()) {
        println!("\na failure: {failure}");
    }
    let Baseline { get_item, transaction, redis } = baseline;
    println!("\nWhat stands behind them takes by itself, median and p95 of a bare call (ms):\n");
    for (name, figures) in
        [("GetItem", get_item), ("TransactWriteItems of three puts", transaction), ("PING of Redis", redis)]
    {
        println!("- {name}: {}, {}", ms(figures.median()), ms(figures.percentile(95)));
    }
    Ok(())
}

fn print_row(name: &str, cells: [String; 3]) {
    let [one, two, three] = cells;
    println!("| {name:<46} | {one:>20} | {two:>20} | {three:>20} |");
}

fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 1.0 { format!("{ms:.2}") } else { format!("{ms:.1}") }
}

fn range(figures: &Figures) -> String {
    let (least, most) = figures.range();
    format!("{} to {}", ms(least), ms(most))
}

fn megabytes(kb: u64) -> String {
    let tenths = (kb * 10).div_ceil(1_024);
    format!("{}.{}", tenths / 10, tenths % 10)
}
