//! `cargo xtask logs`: what the functions wrote, from the emulator's CloudWatch Logs, oldest first.

use crate::{aws, instance::Instance, interrupt, process};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

const FOLLOW_EVERY: Duration = Duration::from_millis(700);

#[derive(clap::Args)]
pub struct Options {
    /// Only functions whose name holds this, e.g. `payments-create`
    function: Option<String>,
    /// Go on with what is written from now on, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// With the lines that the platform adds to each call (START, END, REPORT)
    #[arg(long)]
    all: bool,
    /// Of which instance: `local` (of `up`) or `test`
    #[arg(long, default_value = "local")]
    instance: String,
}

pub fn run(root: &Path, options: &Options) -> Result<()> {
    let instance = Instance::open(root, &options.instance)?;
    let Some(emulator) = process::running(&instance, "emulator")? else {
        bail!("the instance `{}` is not running; start it with `cargo xtask up`", instance.name);
    };
    let mut reader = Reader {
        endpoint: format!("http://127.0.0.1:{}", emulator.port),
        stack: instance.stack(),
        wanted: options.function.as_deref().map(plain),
        with_platform: options.all,
        since_ms: 0,
        seen: BTreeSet::new(),
    };
    loop {
        reader.write_new(&mut std::io::stdout().lock())?;
        if !options.follow || interrupt::requested() {
            return Ok(());
        }
        std::thread::sleep(FOLLOW_EVERY);
    }
}

/// Everything the functions of a running instance wrote, into a file that outlives it.
pub fn keep(instance: &Instance) -> Result<()> {
    let Some(emulator) = process::running(instance, "emulator")? else { return Ok(()) };
    let mut reader = Reader {
        endpoint: format!("http://127.0.0.1:{}", emulator.port),
        stack: instance.stack(),
        wanted: None,
        with_platform: false,
        since_ms: 0,
        seen: BTreeSet::new(),
    };
    let mut file = std::fs::File::create(instance.log("functions")?)?;
    reader.write_new(&mut file)
}

/// Of what [`keep`] has kept, without the metrics. A token that is refused is nobody's error.
pub fn last_errors(instance: &Instance) -> Vec<String> {
    const LINES_MAX: usize = 20;
    let kept = instance.log("functions").and_then(|path| Ok(std::fs::read_to_string(path)?)).unwrap_or_default();
    let mut found: Vec<String> = kept.lines().rev().filter_map(error_in).take(LINES_MAX).collect();
    found.reverse();
    found
}

fn error_in(line: &str) -> Option<String> {
    const CHARS_MAX: usize = 600;
    let at = line.find('{')?;
    let mut fields: serde_json::Map<String, Value> = serde_json::from_str(&line[at..]).ok()?;
    let is_error = fields.get("level")? == "ERROR" && !line.contains("Unauthorized");
    fields.remove("_aws");
    is_error.then(|| format!("{}{}", &line[..at], Value::Object(fields)).chars().take(CHARS_MAX).collect())
}

struct Reader {
    endpoint: String,
    stack: String,
    wanted: Option<String>,
    with_platform: bool,
    /// Time of the newest line so far; calls that ended in that very millisecond are told apart by `seen`.
    since_ms: i64,
    seen: BTreeSet<String>,
}

struct Line {
    at_ms: i64,
    /// The emulator writes each call into a stream of its own, at its end.
    stream: String,
    function: String,
    text: String,
}

impl Reader {
    fn write_new(&mut self, out: &mut impl Write) -> Result<()> {
        let mut lines = Vec::new();
        for group in self.groups()? {
            self.read(&group, &mut lines)?;
        }
        lines.retain(|line| !self.seen.contains(&line.stream));
        // Stable: lines of one call share their time and come in order.
        lines.sort_by_key(|line| line.at_ms);
        for Line { at_ms, stream, function, text } in lines {
            if at_ms > self.since_ms {
                self.since_ms = at_ms;
                self.seen.clear();
            }
            self.seen.insert(stream);
            if self.with_platform || !is_platform(&text) {
                let time = jiff::Timestamp::from_millisecond(at_ms)?.strftime("%H:%M:%S%.3f").to_string();
                writeln!(out, "{time} {function} {}", text.trim_end())?;
            }
        }
        Ok(())
    }

    fn groups(&self) -> Result<Vec<String>> {
        let prefix = format!("/aws/lambda/{}", self.stack);
        let mut names = Vec::new();
        let mut request = json!({ "logGroupNamePrefix": prefix });
        loop {
            let answer = aws::logs(&self.endpoint, "DescribeLogGroups", &request)?;
            let groups = answer["logGroups"].as_array().context("no log groups in the answer")?;
            names.extend(groups.iter().filter_map(|group| group["logGroupName"].as_str()).map(str::to_owned));
            match answer["nextToken"].as_str() {
                Some(token) => request["nextToken"] = token.into(),
                None => break,
            }
        }
        let is_wanted = |name: &String| self.wanted.as_ref().is_none_or(|wanted| plain(name).contains(wanted));
        names.retain(is_wanted);
        Ok(names)
    }

    fn read(&self, group: &str, lines: &mut Vec<Line>) -> Result<()> {
        let mut request = json!({ "logGroupName": group, "startTime": self.since_ms });
        loop {
            let answer = aws::logs(&self.endpoint, "FilterLogEvents", &request)?;
            let events = answer["events"].as_array().context("no events in the answer")?;
            lines.extend(events.iter().filter_map(|event| self.line(group, event)));
            match answer["nextToken"].as_str() {
                Some(token) => request["nextToken"] = token.into(),
                None => return Ok(()),
            }
        }
    }

    fn line(&self, group: &str, event: &Value) -> Option<Line> {
        let name = group.trim_start_matches("/aws/lambda/").trim_start_matches(&self.stack).trim_start_matches('-');
        let name = name.rsplit_once('-').filter(|(_, suffix)| is_generated(suffix)).map_or(name, |(name, _)| name);
        Some(Line {
            at_ms: event["timestamp"].as_i64()?,
            stream: event["logStreamName"].as_str()?.to_owned(),
            function: name.to_owned(),
            text: event["message"].as_str()?.to_owned(),
        })
    }
}

/// `payments-create` and `PaymentsCreate` are the same function.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// What CloudFormation puts behind the name of a resource that has none of its own: `PaymentsGet-72814F030F921`.
fn is_generated(suffix: &str) -> bool {
    suffix.len() >= 12 && suffix.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

fn is_platform(text: &str) -> bool {
    ["START RequestId:", "END RequestId:", "REPORT RequestId:"].iter().any(|prefix| text.starts_with(prefix))
}
