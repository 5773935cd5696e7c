//! What nobody misses until it is needed: alarms that watch the right thing and tell somebody, rules, caps, and time-outs that
//! fit into one another.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::event::Queue;
use domain::job::LEASE;

use crate::tree::{blocks_of, read, template_blocks};
use crate::{capitalized, number_after};

const WATCH: &str = "infra/observability.yaml";
const TELLS: &str = "AlarmActions: !If [HasAlarmTopic, [!Ref AlarmTopic], !Ref AWS::NoValue]\n";

fn is_alarm((_, block): &(String, String)) -> bool {
    block.contains("Type: AWS::CloudWatch::Alarm\n")
}

fn needs(file: &str, name: &str, blocks: &BTreeMap<String, String>, parts: &[&str]) {
    let block = blocks.get(name).unwrap_or_else(|| panic!("{file} has no {name}"));
    for part in parts {
        let line = format!(" {part}\n");
        assert!(block.contains(&line), "{file}, {name}: needs `{part}`");
    }
}

#[test]
fn every_alarm_tells_somebody_what_to_do() {
    let runbook = read("docs/RUNBOOK.md");
    for file in ["template.yaml", WATCH] {
        assert!(read(file).contains("\n  HasAlarmTopic: !Not [!Equals [!Ref AlarmTopic, '']]\n"), "{file}");
        let alarms: Vec<_> = blocks_of(file).into_iter().filter(is_alarm).collect();
        assert!(alarms.len() >= Queue::ALL.len(), "{file}: its alarms were not found");
        for (name, block) in alarms {
            assert!(block.contains(TELLS), "{file}, {name}: needs `{}`", TELLS.trim());
            let entry = block.split("docs/RUNBOOK.md#").nth(1).and_then(|rest| rest.split('\'').next());
            let entry = entry.unwrap_or_else(|| panic!("{file}, {name}: names no runbook entry"));
            assert!(runbook.contains(&format!("\n## {entry}\n")), "docs/RUNBOOK.md has no `## {entry}` for {name}");
        }
    }
}

// I4
#[test]
fn a_dead_letter_is_heard_of_whether_it_was_kept_or_not() {
    const ANY: [&str; 2] = ["Threshold: 0", "ComparisonOperator: GreaterThanThreshold"];
    let (template, watch) = (template_blocks(), blocks_of(WATCH));
    for queue in Queue::ALL {
        let (name, plain) = (capitalized(queue.as_str()), queue.as_str());
        let kept = format!("{name}DeadLettersAlarm");
        needs("template.yaml", &kept, &template, &ANY);
        let visible = ["Namespace: AWS/SQS", "MetricName: ApproximateNumberOfMessagesVisible", "Statistic: Maximum"];
        needs("template.yaml", &kept, &template, &visible);

        let oldest = format!("{name}OldestMessageAlarm");
        let of_queue = format!("Dimensions: [{{Name: QueueName, Value: !Sub '${{StackName}}-{plain}'}}]");
        needs(WATCH, &oldest, &watch, &["Namespace: AWS/SQS", "MetricName: ApproximateAgeOfOldestMessage", &of_queue]);
        let threshold = "Threshold: !Ref OldestMessageSecondsMax";
        needs(WATCH, &oldest, &watch, &["Statistic: Maximum", threshold, "ComparisonOperator: GreaterThanThreshold"]);
    }
    needs(WATCH, "DeadLettersAlarm", &watch, &ANY);
    let counted = ["Namespace: Coffer", "MetricName: DeadLettersKept", "Statistic: Sum"];
    needs(WATCH, "DeadLettersAlarm", &watch, &counted);
    let of_keeper = "Dimensions: [{Name: Function, Value: !Sub '${StackName}-dead-letters-keep'}]";
    needs(WATCH, "DeadLettersAlarm", &watch, &[of_keeper]);
}

// K10
#[test]
fn production_cannot_be_told_to_call_itself() {
    let template = read("template.yaml");
    let (rules, _) = template.split_once("\nConditions:\n").expect("rules stand before conditions");
    let rule = "\n  WebhooksOfProductionStayOutside:\n    RuleCondition: !Equals [!Ref Stage, production]\n    Assertions:\n      \
        - Assert: !Equals [!Ref WebhooksAllowLoopback, 'false']\n";
    assert!(rules.contains("\nRules:\n") && rules.contains(rule), "template.yaml: needs the rule{rule}");
    assert!(template.contains("\n  WebhooksToLoopback: !Equals [!Ref WebhooksAllowLoopback, 'true']\n"));
}

// J7, I6
#[test]
fn a_worker_of_jobs_ends_within_its_lease_and_its_time_out() {
    let block = &template_blocks()["JobsRun"];
    let (_, told) =
        block.split_once("MODEL_TIME_OUT_SECONDS: !If [HasSandboxModel, ").expect("a time-out of the model");
    let (told, _) = told.split_once(']').expect("a list");
    for seconds in told.split(", ") {
        let seconds: u64 = seconds.trim_matches('\'').parse().expect("seconds");
        assert!(Duration::from_secs(seconds) < LEASE, "template.yaml, JobsRun: nobody is alive for {seconds} s");
    }
    let wiring = read("functions/jobs/run/src/main.rs");
    let (_, patience) = wiring.split_once("const PATIENCE: Duration = Duration::from_secs(").expect("its patience");
    let patience: u64 = patience.split(')').next().and_then(|seconds| seconds.parse().ok()).expect("seconds");
    let time_out = number_after(block, "Timeout").expect("a time-out");
    assert!(2 * patience <= time_out, "jobs-run: {patience} s of patience are more than half of {time_out} s");
}

// M12
#[test]
fn no_queue_takes_all_of_the_account_s_concurrency() {
    for (name, block) in template_blocks() {
        // Ten queues that are empty.
        if name == "DeadLettersKeep" {
            continue;
        }
        let caps = block.matches("ScalingConfig: {MaximumConcurrency: ").count();
        assert_eq!(
            caps,
            block.matches("Type: SQS\n").count(),
            "template.yaml, {name}: an SQS event needs a ScalingConfig"
        );
    }
}

// M3
#[test]
fn every_function_and_the_gateway_are_traced() {
    let template = read("template.yaml");
    let (_, globals) = template.split_once("\nGlobals:\n  Function:\n").expect("what all functions have");
    let (globals, _) = globals.split_once("\nResources:\n").expect("resources stand behind it");
    assert!(globals.contains("\n    Tracing: Active\n"), "template.yaml, Globals: functions need `Tracing: Active`");
    let blocks = template_blocks();
    assert!(
        blocks["Api"].contains("\n      TracingEnabled: true\n"),
        "template.yaml, Api: needs `TracingEnabled: true`"
    );
    let untraced: Vec<_> =
        blocks.iter().filter(|(_, block)| block.contains(" Tracing: ")).map(|(name, _)| name).collect();
    assert!(untraced.is_empty(), "template.yaml: {untraced:?} go their own way");
}
