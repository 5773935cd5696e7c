//! What is asked of one function, and the measuring of it: many fresh processes for one call each, then one for many.

use super::event::{Callers, Event};
use super::figures::Figures;
use super::function::Function;
use super::stub::{Answer, Stub};
use crate::interrupt;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::time::Duration;

/// Calls before counting begins.
const WARM_UP: usize = 100;

#[derive(Clone, Copy)]
pub struct Counts {
    pub starts: usize,
    pub calls: usize,
}

impl Counts {
    /// How many events one scenario takes: a first start unmeasured, which reads the binary from the disk.
    pub fn events(self) -> usize {
        1 + self.starts + WARM_UP + self.calls
    }
}

/// What came of it.
#[derive(Default)]
pub struct Measured {
    /// From the start of the process to its first answer, to its first asking for work, and on a processor until the first.
    pub first_answer: Figures,
    pub first_next: Figures,
    pub first_cpu: Figures,
    /// From the event given out to the answer posted.
    pub warm: Figures,
    pub cpu_per_call: Duration,
    pub resident_kb: u64,
    pub peak_kb: u64,
    pub binary_bytes: u64,
    pub calls: usize,
    pub failures: usize,
    /// As the functions' log lines tell: calls answered from the cache, and calls for which Redis was too slow or away.
    pub cache_hits: usize,
    pub cache_away: usize,
    pub first_failure: Option<String>,
    /// Of the answers, in order.
    pub ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyAnswer {
    status_code: u16,
    body: String,
}

#[derive(Deserialize)]
struct Resource {
    id: String,
}

impl Measured {
    fn take(&mut self, answer: &Answer) -> Result<()> {
        let answer: ProxyAnswer = serde_json::from_slice(&answer.body).context("an answer in another shape")?;
        self.calls += 1;
        if (200..300).contains(&answer.status_code) {
            self.ids.push(serde_json::from_str::<Resource>(&answer.body)?.id);
        } else {
            self.failures += 1;
            self.first_failure.get_or_insert(format!("{} {}", answer.status_code, answer.body));
        }
        Ok(())
    }
}

pub async fn measure(
    function: &Function,
    counts: Counts,
    callers: &mut Callers,
    mut next: impl FnMut(&mut Callers) -> Result<Event>,
) -> Result<Measured> {
    // Only the last run is of interest.
    std::fs::write(&function.log, "")?;
    let mut measured = Measured { binary_bytes: function.binary_bytes()?, ..Measured::default() };
    start(function, next(callers)?, &mut measured, false).await?;
    for _ in 0..counts.starts {
        start(function, next(callers)?, &mut measured, true).await?;
    }

    let mut stub = Stub::open().await?;
    let process = function.start(&stub)?;
    for _ in 0..WARM_UP {
        stub.offer(next(callers)?)?;
        measured.take(&stub.answer().await?)?;
    }
    let cpu_before = process.cpu()?;
    for _ in 0..counts.calls {
        interrupt::check()?;
        stub.offer(next(callers)?)?;
        let answer = stub.answer().await?;
        measured.warm.add(answer.posted_at - answer.given_at);
        measured.take(&answer)?;
    }
    let cpu = process.cpu()? - cpu_before;
    measured.cpu_per_call = cpu / u32::try_from(counts.calls.max(1))?;
    measured.resident_kb = process.memory_kb("VmRSS")?;
    measured.peak_kb = process.memory_kb("VmHWM")?;
    drop(process);
    for line in std::fs::read_to_string(&function.log)?.lines() {
        measured.cache_hits += usize::from(line.contains(r#""CacheHits":1"#));
        measured.cache_away += usize::from(line.contains(r#""CacheAway":1"#));
    }
    Ok(measured)
}

async fn start(function: &Function, event: Event, measured: &mut Measured, is_counted: bool) -> Result<()> {
    interrupt::check()?;
    let mut stub = Stub::open().await?;
    stub.offer(event)?;
    let process = function.start(&stub)?;
    let answer = stub.answer().await?;
    if is_counted {
        measured.first_cpu.add(process.cpu_of_main()?);
        measured.first_answer.add(answer.posted_at - process.spawned_at);
        measured.first_next.add(stub.first_next()? - process.spawned_at);
    }
    measured.take(&answer)
}
