//! Numbered steps with what is done, how far it is and the seconds so far. On a terminal one line is redrawn; elsewhere
//! a plain line is written when a step begins, ends, and at most every ten seconds in between.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const PLAIN_LINE_EVERY: Duration = Duration::from_secs(10);
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// The steps of one task.
pub struct Plan {
    steps: usize,
    begun: usize,
    started: Instant,
}

impl Plan {
    pub fn of(steps: usize) -> Self {
        Self { steps, begun: 0, started: Instant::now() }
    }

    pub fn step(&mut self, title: &str) -> Step {
        self.begun += 1;
        Step::begin(format!("[{}/{}] {title}", self.begun, self.steps))
    }

    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// One step while it runs. End it with `done`; dropped without, its line stays as it was.
pub struct Step {
    label: String,
    state: String,
    started: Instant,
    drawn: Instant,
    terminal: bool,
    ended: bool,
}

impl Step {
    fn begin(label: String) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let now = Instant::now();
        let mut step = Self { label, state: String::new(), started: now, drawn: now, terminal, ended: false };
        step.draw();
        step
    }

    /// Sets what is shown behind the title.
    pub fn tell(&mut self, state: impl Display) {
        self.state = state.to_string();
        self.tick();
    }

    pub fn tell_part(&mut self, what: &str, done: usize, total: usize) {
        let done = done.min(total);
        self.tell(format!("{what} {done} of {total} ({} %)", (done * 100).checked_div(total).unwrap_or(0)));
    }

    /// Keeps the seconds moving.
    pub fn tick(&mut self) {
        let due = if self.terminal { REDRAW_EVERY } else { PLAIN_LINE_EVERY };
        if self.drawn.elapsed() >= due {
            self.draw();
        }
    }

    pub fn done(mut self, result: impl Display) {
        self.state = format!("{result}");
        self.ended = true;
        self.draw();
        if self.terminal {
            self.write("\n");
        }
    }

    fn draw(&mut self) {
        self.drawn = Instant::now();
        let seconds = self.started.elapsed().as_secs_f64();
        let mark = if self.ended { " ok" } else { "" };
        let between = if self.state.is_empty() { "" } else { ": " };
        let line = format!("{}{between}{} ({seconds:.1} s){mark}", self.label, self.state);
        if self.terminal {
            let width = terminal_columns().saturating_sub(1);
            let shown: String = line.chars().take(width).collect();
            self.write(&format!("\r\x1b[2K{shown}"));
        } else {
            self.write(&format!("{line}\n"));
        }
    }

    fn write(&self, text: &str) {
        let mut out = std::io::stderr().lock();
        // A closed terminal is no reason to stop the work.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.ended && self.terminal {
            self.write("\n");
        }
    }
}

fn terminal_columns() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(110)
}
