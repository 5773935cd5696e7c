//! Runs a program to its end: its output goes to a log file and, line by line, to the step that shows progress.

use crate::{interrupt, progress::Step};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

const TAIL_LINES: usize = 40;
const POLL: Duration = Duration::from_millis(100);

/// Fails with the end of the output when the program does.
pub fn run(command: &mut Command, log: &Path, step: &mut Step, mut on_line: impl FnMut(&str, &mut Step)) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut log_file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {program}"))?;

    let (sender, lines) = channel();
    if let Some(stdout) = child.stdout.take() {
        spawn_reader(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        spawn_reader(stderr, sender);
    }
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => {
                writeln!(log_file, "{line}")?;
                on_line(&line, step);
            }
            Err(RecvTimeoutError::Timeout) => step.tick(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        stop_if_interrupted(&mut child)?;
    }
    let status = wait(&mut child)?;
    if !status.success() {
        bail!("{program} failed ({status}); the end of {}:\n{}", log.display(), tail(log));
    }
    Ok(())
}

/// Runs with the terminal as it is; `false` when the program failed.
pub fn run_in_terminal(command: &mut Command) -> Result<bool> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    Ok(wait(&mut child)?.success())
}

/// The last lines of a log, for an error message.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let is_telling = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("Uploading to");
    let lines: Vec<&str> = text.lines().filter(is_telling).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        stop_if_interrupted(child)?;
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn stop_if_interrupted(child: &mut Child) -> Result<()> {
    if interrupt::requested() {
        // It may have ended by itself: Ctrl-C reaches the whole foreground group.
        let _ = child.kill();
        child.wait()?;
    }
    interrupt::check()
}

/// Progress bars end their lines with a carriage return, so both ends count.
fn spawn_reader(mut stream: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        let mut pending = Vec::new();
        let mut chunk = [0_u8; 8192];
        while let Ok(read) = stream.read(&mut chunk) {
            if read == 0 {
                break;
            }
            for &byte in &chunk[..read] {
                if byte == b'\n' || byte == b'\r' {
                    send_line(&mut pending, &lines);
                } else {
                    pending.push(byte);
                }
            }
        }
        send_line(&mut pending, &lines);
    });
}

fn send_line(pending: &mut Vec<u8>, lines: &Sender<String>) {
    if pending.is_empty() {
        return;
    }
    let line = String::from_utf8_lossy(pending).into_owned();
    pending.clear();
    // The receiver leaves only when the run was interrupted.
    let _ = lines.send(line);
}
