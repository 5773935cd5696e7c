//! `cargo xtask queue`: stops the worker of a queue, and lets it go on. What comes meanwhile waits in the queue, for 14 days at
//! most; a batch that a worker has in its hands is worked on to its end.

use crate::{aws, place::Place};
use anyhow::{Context, Result, bail, ensure};
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;

/// <https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html>
const MAPPINGS: &str = "/event-source-mappings/";

#[derive(clap::Subcommand)]
pub enum Queue {
    /// Take no more messages out of the queue
    Pause {
        /// Which queue, e.g. `payments`
        queue: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take messages out of the queue again
    Resume {
        /// Which queue, e.g. `payments`
        queue: String,
        #[command(flatten)]
        place: Place,
    },
}

pub fn run(root: &Path, task: &Queue) -> Result<()> {
    let (queue, place, enabled) = match task {
        Queue::Pause { queue, place } => (queue, place, false),
        Queue::Resume { queue, place } => (queue, place, true),
    };
    let (account, stack) = place.stack(root)?;
    let described = aws::describe_stack_of(&account, &stack)?.with_context(|| format!("there is no stack {stack}"))?;
    let url = described.output(&format!("{}QueueUrl", capitalized(queue)));
    let name = queue_name(url.with_context(|| format!("there is no queue `{queue}`"))?);
    let list = |marker: Option<&str>| {
        let query = marker.map(|marker| ("Marker", marker));
        aws::lambda(&account, Method::GET, MAPPINGS, query.as_slice(), None)
    };
    let mapping = find(&name, &list)?;
    let path = format!("{MAPPINGS}{mapping}");
    aws::lambda(&account, Method::PUT, &path, &[], Some(&json!({ "Enabled": enabled })))?;
    println!("{queue}: {}", if enabled { "its worker goes on" } else { "paused; `cargo xtask queue resume` ends it" });
    Ok(())
}

/// The id of the mapping from the queue to its worker.
fn find(name: &str, list: &dyn Fn(Option<&str>) -> Result<Value>) -> Result<String> {
    let mut marker: Option<String> = None;
    loop {
        let answer = list(marker.as_deref())?;
        let mappings = answer["EventSourceMappings"].as_array().context("the answer has no mappings")?;
        let is_its = |mapping: &&Value| {
            mapping["EventSourceArn"].as_str().and_then(|arn| arn.rsplit_once(':')).is_some_and(|(_, of)| of == name)
        };
        if let Some(found) = mappings.iter().find(is_its) {
            return Ok(found["UUID"].as_str().context("a mapping without an id")?.to_owned());
        }
        match answer["NextMarker"].as_str().filter(|marker| !marker.is_empty()) {
            Some(next) => marker = Some(next.to_owned()),
            None => bail!("nothing takes messages out of {name}"),
        }
        ensure!(!mappings.is_empty(), "nothing takes messages out of {name}");
    }
}

fn queue_name(url: &str) -> String {
    url.rsplit('/').next().unwrap_or_default().to_owned()
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_s_own_mapping_is_found_on_whatever_page() {
        let mapping =
            |id: &str, queue: &str| json!({ "UUID": id, "EventSourceArn": format!("arn:aws:sqs:r:1:{queue}") });
        let list = |marker: Option<&str>| {
            Ok(match marker {
                None => json!({ "EventSourceMappings": [mapping("a", "s-JobsDeadLetters-1")], "NextMarker": "m" }),
                Some("m") => {
                    json!({ "EventSourceMappings": [mapping("b", "s-JobsQueue-1")], "NextMarker": "" })
                }
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(find("s-JobsQueue-1", &list).expect("there"), "b");
        find("s-JobsQueue", &list).expect_err("a part of a name is no name");
        assert_eq!(queue_name("http://localhost:1/000000000000/s-JobsQueue-1"), "s-JobsQueue-1");
        assert_eq!(capitalized("jobs"), "Jobs");
    }
}
