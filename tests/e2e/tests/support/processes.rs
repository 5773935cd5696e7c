//! The processes under the stack, for tests that end them: `processes.json` of the instance says which they are and how to
//! start them again (`xtask/src/process.rs` has its shape).

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Redis;

const STARTS_WITHIN: Duration = Duration::from_secs(10);

pub struct Processes {
    dir: PathBuf,
    stack: String,
}

impl Processes {
    pub(super) fn new(dir: PathBuf, stack: String) -> Self {
        Self { dir, stack }
    }

    /// Kills Redis. It is back when what this gives is dropped, at the latest.
    pub fn kill_redis(self, redis: Redis) -> RedisAway {
        assert!(redis.is_up(), "Redis is not up to begin with");
        kill(self.records()["redis"]["pid"].as_u64().expect("a pid"));
        wait_for("the end of Redis", || !redis.is_up());
        RedisAway { processes: self, redis, is_back: false }
    }

    /// Kills every running process of a function; how many there were.
    #[cfg(target_os = "linux")]
    pub fn kill_function(&self, name: &str) -> usize {
        let variable = format!("AWS_LAMBDA_FUNCTION_NAME={}-{name}", self.stack);
        let is_the_function_s = |pid: &u64| {
            let is_ours = std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&self.dir));
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            is_ours && environment.split(|byte| *byte == 0).any(|pair| pair == variable.as_bytes())
        };
        let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok());
        let pids: Vec<u64> = pids.filter(is_the_function_s).collect();
        pids.iter().for_each(|pid| kill(*pid));
        pids.len()
    }

    /// Runs one of the project's tasks on the instance; what it printed.
    pub fn task(&self, arguments: &[&str]) -> String {
        let tests = std::env::current_exe().expect("this program's file");
        let xtask = tests.parent().and_then(Path::parent).expect("the folder of the build").join("xtask");
        let root = self.dir.parent().and_then(Path::parent).expect("the instance is two folders below the root");
        let instance = self.dir.file_name().expect("the instance's name");
        let mut task = Command::new(&xtask);
        task.args(arguments).arg("--instance").arg(instance).current_dir(root).env_remove("CARGO_MANIFEST_DIR");
        let output = task.output().unwrap_or_else(|error| panic!("{} does not run: {error}", xtask.display()));
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{arguments:?} failed: {said}");
        said
    }

    fn records(&self) -> Value {
        let text = std::fs::read(self.dir.join("processes.json")).expect("processes.json of the instance");
        serde_json::from_slice(&text).expect("processes.json is JSON")
    }

    /// Starts a process as it was, and writes down its new number.
    #[allow(clippy::zombie_processes, reason = "it outlives the test: `cargo xtask down` stops it")]
    fn start_again(&self, name: &str) {
        let mut records = self.records();
        let record = &mut records[name];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let argv: Vec<String> = record["argv"].as_array().expect("argv").iter().map(text).collect();
        let log = File::options().append(true).create(true).open(text(&record["log"])).expect("its log");
        let child = Command::new(&argv[0])
            .args(&argv[1..])
            .current_dir(text(&record["cwd"]))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("its log"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("it starts again");
        record["pid"] = child.id().into();
        record["started"] = started_at(child.id()).into();
        let partial = self.dir.join("processes.json.e2e");
        std::fs::write(&partial, records.to_string()).expect("written down");
        std::fs::rename(partial, self.dir.join("processes.json")).expect("written down");
    }
}

/// While there is no Redis.
pub struct RedisAway {
    processes: Processes,
    redis: Redis,
    is_back: bool,
}

impl RedisAway {
    pub fn bring_back(&mut self) {
        self.is_back = true;
        self.processes.start_again("redis");
        wait_for("Redis", || self.redis.is_up());
    }
}

impl Drop for RedisAway {
    fn drop(&mut self) {
        if !self.is_back {
            self.bring_back();
        }
    }
}

fn kill(pid: u64) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(killed.success(), "process {pid} could not be killed");
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_there() {
        assert!(started.elapsed() < STARTS_WITHIN, "{what} did not come within {} s", STARTS_WITHIN.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// When the kernel started it, in the words of `processes.json`.
fn started_at(pid: u32) -> String {
    if cfg!(target_os = "linux") {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("a stat line");
        return fields.split_whitespace().nth(19).expect("a start time").to_owned();
    }
    let output = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().expect("ps");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
