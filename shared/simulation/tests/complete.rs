//! Nothing is forgotten: every function has its place in the template, a sample event, least privilege; every route, queue
//! and code is where its users look for it. A failure says how to mend it.

mod operations;
mod reference;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Action;
use domain::backoff::RECEIVES_MAX;
use domain::event::Queue;
use http_kit::{Access, Code, routes};
use tree::{block_names, functions, names_in, read, template_blocks};

/// The template's name of a function: `orders-create` is `OrdersCreate`.
fn logical(function: &str) -> String {
    function.split('-').map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `key: value` of a block, as the template writes scalars.
fn number_after(block: &str, key: &str) -> Option<u64> {
    let (_, rest) = block.split_once(&format!("{key}: "))?;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[test]
fn every_function_has_a_block_and_every_block_a_function() {
    let blocks = template_blocks();
    for function in functions() {
        let name = logical(&function);
        let block = blocks.get(&name).unwrap_or_else(|| {
            panic!("template.yaml has no function {name}: copy the block of one like it and name it for functions/{function}")
        });
        for part in [
            format!("CodeUri: target/lambda/{function}/"),
            format!("FunctionName: !Sub ${{AWS::StackName}}-{function}"),
        ] {
            assert!(block.contains(&part), "template.yaml, {name}: needs `{part}`");
        }
    }
    let wanted: BTreeSet<String> = functions().iter().map(|function| logical(function)).collect();
    for (name, block) in &blocks {
        let is_function = block.contains("Type: AWS::Serverless::Function");
        assert!(
            !is_function || wanted.contains(name),
            "template.yaml, {name}: there is no such folder under functions/: remove one"
        );
    }
}

#[test]
fn every_route_is_in_the_template_as_the_table_has_it() {
    let blocks = template_blocks();
    let api = &blocks["Api"];
    for route in routes::ALL {
        let name = logical(route.function);
        let block =
            blocks.get(&name).unwrap_or_else(|| panic!("routes.rs names {}, template.yaml does not", route.function));
        let event = format!("Method: {}, Path: '{}'", route.method.to_lowercase(), route.path);
        assert!(block.contains(&event), "template.yaml, {name}: needs an event with `{event}`");
        let is_open = block.contains("Authorizer: NONE");
        assert_eq!(
            is_open,
            route.access == Access::Public,
            "template.yaml, {name}: its authorizer is not what routes.rs says"
        );
        let any = format!("'{}': {{x-amazon-apigateway-any-method: {{", route.path);
        assert!(
            api.contains(&any),
            "template.yaml, Api: needs `{any}`, as other paths have it, so that other methods are answered with 405"
        );
    }
    let paths: BTreeSet<&str> = routes::ALL.iter().map(|route| route.path).collect();
    let caught = api.matches("x-amazon-apigateway-any-method").count();
    assert_eq!(caught, paths.len() + 1, "template.yaml, Api: catches a path that routes.rs does not have");
    assert_eq!(caught, api.matches("${ApiFallback.Arn}").count());
}

/// Whether a task of operators asks the function.
fn invokes(file: &str, function: &str) -> bool {
    read(&format!("xtask/src/{file}.rs")).contains(&format!("{{stack}}-{function}"))
}

#[test]
fn every_http_function_is_a_route_and_the_rest_has_a_trigger() {
    let routed: BTreeSet<&str> = routes::ALL.iter().map(|route| route.function).collect();
    let blocks = template_blocks();
    for function in functions() {
        let block = &blocks[&logical(&function)];
        let is_ours = block.contains("RestApiId: !Ref Api,");
        assert_eq!(
            is_ours,
            routed.contains(function.as_str()),
            "{function}: add its row to shared/http-kit/src/routes.rs, or take its Api event from the template"
        );
        let triggers = ["Type: Api", "Type: SQS", "Type: DynamoDB", "Type: Schedule"];
        let is_authorizer = function == "tokens-authorize";
        let has_trigger = triggers.iter().any(|trigger| block.contains(trigger));
        let is_operators = names_in("xtask/src", ".rs").iter().any(|file| invokes(file, &function));
        assert!(
            has_trigger || is_authorizer || is_operators || is_called_by_definition(&blocks, &function),
            "template.yaml, {function}: nothing ever calls it; give it an event, or a task in xtask/src that does"
        );
    }
}

/// What the definition of an API names, and the API is allowed to call.
fn is_called_by_definition(blocks: &BTreeMap<String, String>, function: &str) -> bool {
    let name = logical(function);
    let uri = format!("functions/${{{name}.Arn}}/invocations");
    let is_allowed = |api: &str| {
        blocks.get(&format!("{name}Permission")).is_some_and(|block| {
            block.contains(&format!("FunctionName: !Ref {name}\n")) && block.contains(&format!("${{{api}}}/*"))
        })
    };
    let is_of_sockets =
        || blocks.values().any(|block| block.contains("ApiId: !Ref RealtimeApi") && block.contains(&uri));
    is_allowed("RealtimeApi") && is_of_sockets() || is_allowed("Api") && blocks["Api"].contains(&uri)
}

#[test]
fn the_gateway_of_sockets_asks_whose_they_are_and_logs_nothing() {
    let blocks = template_blocks();
    for (route, key) in [("Connect", "$connect"), ("Disconnect", "$disconnect"), ("Message", "$default")] {
        let block = &blocks[&format!("Realtime{route}Route")];
        assert!(block.contains(&format!("RouteKey: {key}\n")), "template.yaml, Realtime{route}Route: is for {key}");
        let asks =
            block.contains("AuthorizationType: CUSTOM") && block.contains("AuthorizerId: !Ref RealtimeAuthorizer");
        assert_eq!(asks, key == "$connect", "template.yaml, Realtime{route}Route: the handshake is what is authorized");
    }
    let stage = &blocks["RealtimeStage"];
    let is_silent = stage.contains("LoggingLevel: 'OFF'") && stage.contains("DataTraceEnabled: false");
    assert!(is_silent && !stage.contains("AccessLog"), "template.yaml, RealtimeStage: queries may have tokens");
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>. No emulator holds it.
#[test]
fn the_stack_is_no_larger_than_cloudformation_takes() {
    const RESOURCES_MAX: usize = 500;
    let template = read("template.yaml");
    let count = |what: &str| template.matches(what).count();
    // What SAM makes of it: a role for each function, a permission for each route and for the authorizer, a mapping for each queue
    // and stream, a rule with a permission for each schedule, a deployment and a stage for each API.
    let made = count("Type: AWS::Serverless::Function")
        + count("Type: Api,")
        + 1
        + count("Type: SQS")
        + count("Type: DynamoDB")
        + 2 * count("Type: Schedule")
        + 2 * count("Type: AWS::Serverless::Api");
    let resources = block_names().len() + made;
    assert!(
        resources <= RESOURCES_MAX,
        "template.yaml comes to {resources} resources, and a stack has at most {RESOURCES_MAX}: move what has another life to a \
         stack of infra/"
    );
}

#[test]
fn every_function_has_a_sample_event() {
    let mut samples: BTreeSet<String> = names_in("events", ".json");
    for function in functions() {
        let file = format!("events/{function}.json");
        assert!(samples.remove(&function), "{file} is missing: copy one of the same trigger");
        let sample: serde_json::Value =
            serde_json::from_str(&read(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(sample.is_object(), "{file}: an event is an object");
    }
    assert!(samples.is_empty(), "sample events of functions that do not exist: {samples:?}");
}

#[test]
fn every_queue_has_a_worker_a_dead_letter_queue_and_its_alarm() {
    let blocks = template_blocks();
    for queue in Queue::ALL {
        let name = capitalized(queue.as_str());
        let mend = format!("template.yaml: copy what PaymentsQueue has for {name}Queue");
        let block = blocks.get(&format!("{name}Queue")).unwrap_or_else(|| panic!("{mend}"));
        let redrive = format!(
            "RedrivePolicy: {{deadLetterTargetArn: !GetAtt {name}DeadLetters.Arn, maxReceiveCount: {RECEIVES_MAX}}}"
        );
        assert!(block.contains(&redrive), "{mend}: `{redrive}`");
        assert!(blocks.contains_key(&format!("{name}DeadLetters")), "{mend}: no dead letters");
        let alarm = blocks.get(&format!("{name}DeadLettersAlarm")).unwrap_or_else(|| panic!("{mend}: no alarm"));
        assert!(
            alarm.contains(&format!("!GetAtt {name}DeadLetters.QueueName")),
            "{mend}: the alarm watches another queue"
        );
        assert!(alarm.contains("docs/RUNBOOK.md#dead-letters"), "{mend}: the alarm names no runbook entry");

        let upper = queue.as_str().to_uppercase();
        let is_kept = [
            format!("Queue: !GetAtt {name}DeadLetters.Arn"),
            format!("{upper}_DEAD_LETTERS: !GetAtt {name}DeadLetters.Arn"),
            format!("{upper}_QUEUE_URL: !Ref {name}Queue"),
        ];
        let keeper = &blocks["DeadLettersKeep"];
        let lacking: Vec<&String> = is_kept.iter().filter(|part| !keeper.contains(*part)).collect();
        assert!(
            lacking.is_empty(),
            "template.yaml, DeadLettersKeep: needs {lacking:?}, so that no dead letter is lost"
        );

        let source = format!("Queue: !GetAtt {name}Queue.Arn");
        let works = |block: &&String| block.contains("Type: AWS::Serverless::Function") && block.contains(&source);
        let workers: Vec<&String> = blocks.values().filter(works).collect();
        let [worker] = workers[..] else { panic!("{mend}: exactly one function has the event `{source}`") };
        assert!(
            worker.contains("FunctionResponseTypes: [ReportBatchItemFailures]"),
            "{mend}: one failure returns the whole batch"
        );
        let visibility = number_after(block, "VisibilityTimeout").unwrap_or(0);
        let timeout = number_after(worker, "Timeout").unwrap_or(u64::MAX);
        assert!(
            visibility >= 6 * timeout,
            "{mend}: visibility is {visibility} s, six times the worker's time-out is {}",
            6 * timeout
        );
    }
    let queues = blocks.values().filter(|block| block.contains("Type: AWS::SQS::Queue\n")).count();
    assert_eq!(queues, 2 * Queue::ALL.len(), "template.yaml has a queue that domain::event::Queue does not know");
}

/// No emulator sends a bounce: what leads one to its worker is held here alone.
#[test]
fn what_comes_of_a_mail_is_told_to_the_queue_of_notifications() {
    let blocks = template_blocks();
    for (name, parts) in [
        (
            "MailFeedback",
            &[
                "ConfigurationSetName: !Ref MailConfiguration\n",
                "Enabled: true\n",
                "MatchingEventTypes: [bounce, complaint]\n",
                "SnsDestination: {TopicARN: !Ref MailFeedbackTopic}\n",
            ][..],
        ),
        (
            "MailFeedbackTopicPolicy",
            &[
                "Topics: [!Ref MailFeedbackTopic]\n",
                "Effect: Allow\n",
                "Principal: {Service: ses.amazonaws.com}\n",
                "Action: sns:Publish\n",
                "Resource: !Ref MailFeedbackTopic\n",
                "Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}\n",
            ],
        ),
        (
            "MailFeedbackSubscription",
            &[
                "TopicArn: !Ref MailFeedbackTopic\n",
                "Protocol: sqs\n",
                "Endpoint: !GetAtt NotificationsQueue.Arn\n",
                // The worker reads what SES says, not what SNS wraps it in.
                "RawMessageDelivery: true\n",
            ],
        ),
        (
            "NotificationsQueuePolicy",
            &[
                "Queues: [!Ref NotificationsQueue]\n",
                "Effect: Allow\n",
                "Principal: {Service: sns.amazonaws.com}\n",
                "Action: sqs:SendMessage\n",
                "Resource: !GetAtt NotificationsQueue.Arn\n",
                "Condition: {ArnEquals: {aws:SourceArn: !Ref MailFeedbackTopic}}\n",
            ],
        ),
        ("NotificationsSend", &["MAIL_CONFIGURATION: !Ref MailConfiguration\n"]),
    ] {
        let block = blocks.get(name).unwrap_or_else(|| panic!("template.yaml has no {name}"));
        for part in parts {
            assert!(block.contains(part), "template.yaml, {name}: needs `{}`", part.trim());
        }
    }
}

#[test]
fn every_stream_consumer_starts_at_the_beginning_and_gives_up_some_day() {
    for (name, block) in template_blocks() {
        let streams = block.matches("Type: DynamoDB").count();
        for needed in ["StartingPosition: TRIM_HORIZON", "MaximumRecordAgeInSeconds: ", "FilterCriteria: "] {
            assert_eq!(
                block.matches(needed).count(),
                streams,
                "template.yaml, {name}: every stream event needs `{needed}`"
            );
        }
    }
}

#[test]
fn functions_see_the_network_or_the_internet_but_not_both() {
    let blocks = template_blocks();
    for function in functions() {
        let (noun, verb) = tree::folder_of(&function);
        let wiring = read(&format!("functions/{noun}/{verb}/src/main.rs"));
        let in_vpc = blocks[&logical(&function)].contains("VpcConfig:");
        let needs_redis = wiring.contains("RedisCache::new");
        let outside = [
            "KmsTokenKey::new",
            "KmsVault::new",
            "KmsOptOutKey::new",
            "HttpConnector::",
            "SesMailer::new",
            "HttpSender::new",
            "SqsQueues::new",
            "GatewayPusher::new",
            "BedrockExtractor::new",
        ];
        let needs_internet = outside.iter().any(|name| wiring.contains(name));
        assert!(
            !(needs_redis && needs_internet),
            "{function}: Redis is in the network, KMS and providers are outside: split it"
        );
        assert_eq!(
            in_vpc, needs_redis,
            "template.yaml, {function}: VpcConfig is for functions that need Redis, and for them only"
        );
    }
}

#[test]
fn policies_name_actions_and_resources_and_never_scan() {
    let blocks = template_blocks();
    for function in functions() {
        let block = &blocks[&logical(&function)];
        let (noun, verb) = tree::folder_of(&function);
        let wiring = read(&format!("functions/{noun}/{verb}/src/main.rs"));
        for (adapter, resource) in [
            ("CommerceTable::new", "CommerceTable.Arn"),
            ("PlatformTable::new", "PlatformTable.Arn"),
            ("IdentityTable::new", "IdentityTable.Arn"),
            ("PlatformTable::new", "PlatformTable.Arn"),
            ("SandboxTable::new", "SandboxTable.Arn"),
            ("KmsTokenKey::new", "TokenKey.Arn"),
            ("KmsVault::new", "VaultKey.Arn"),
            ("KmsOptOutKey::new", "MailKey.Arn"),
        ] {
            // Events of the platform are put into the commerce table, and nothing else is done there.
            let puts_events = format!("Action: ['dynamodb:PutItem'], Resource: !GetAtt {resource}");
            let only_puts_events =
                adapter == "CommerceTable::new" && wiring.contains("PlatformTable::new") && !wiring.contains(adapter);
            if only_puts_events && block.contains(&puts_events) {
                continue;
            }
            let is_granted = block.contains(&format!("Resource: !GetAtt {resource}"))
                || block.contains(&format!("[!GetAtt {resource}"));
            assert_eq!(
                is_granted,
                wiring.contains(adapter),
                "template.yaml, {function}: its policies and its main.rs differ on {resource}"
            );
        }
        assert_eq!(
            block.contains("execute-api:ManageConnections"),
            wiring.contains("GatewayPusher::new"),
            "template.yaml, {function}: its policies and its main.rs differ on the connections of sockets"
        );
        assert_eq!(
            block.contains("${FilesBucket.Arn}/"),
            wiring.contains("S3Blobs::new"),
            "template.yaml, {function}: its policies and its main.rs differ on FilesBucket"
        );
        for broad in
            ["Resource: '*'", "dynamodb:Scan", "dynamodb:*", "kms:*", "sqs:*'", "Policies: [Amazon", "FullAccess"]
        {
            assert!(!block.contains(broad), "template.yaml, {function}: `{broad}` is more than a function needs");
        }
    }
}

#[test]
fn every_action_guards_a_route_or_a_handler() {
    let handlers: String = functions()
        .iter()
        .map(|function| {
            let (noun, verb) = tree::folder_of(function);
            read(&format!("functions/{noun}/{verb}/src/lib.rs"))
        })
        .collect();
    for action in Action::ALL {
        let guards_a_route = routes::ALL.iter().any(|route| route.access == Access::Granted(*action));
        let guards_a_handler = handlers.contains(&format!("Action::{action:?}"));
        assert!(guards_a_route || guards_a_handler, "domain::access: {action:?} guards nothing; remove its row");
    }
}

#[test]
fn every_problem_code_is_explained() {
    let page = read("docs/STATUS-CODES.md");
    let headings: BTreeMap<&str, ()> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|code| (code.trim().trim_matches('`'), ()))
        .collect();
    for code in Code::ALL {
        assert!(headings.contains_key(code.as_str()), "docs/STATUS-CODES.md has no heading `### {}`", code.as_str());
    }
}

#[test]
fn the_bucket_is_nobody_else_s() {
    let block = &template_blocks()["FilesBucket"];
    for part in [
        "DeletionPolicy: Retain",
        "BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true",
        "SSEAlgorithm: AES256",
        "Prefix: uploads/, ExpirationInDays: 1",
        "AbortIncompleteMultipartUpload",
    ] {
        assert!(block.contains(part), "template.yaml, FilesBucket: needs `{part}`");
    }
}

#[test]
fn the_tables_survive_the_stack_and_are_backed_up() {
    let blocks = template_blocks();
    for table in ["IdentityTable", "CommerceTable", "PlatformTable"] {
        for part in [
            "DeletionPolicy: Retain",
            "PointInTimeRecoveryEnabled: true",
            "SSEEnabled: true",
            "StreamViewType: NEW_AND_OLD_IMAGES",
            "AttributeName: expires_at, Enabled: true",
            "BillingMode: PAY_PER_REQUEST",
        ] {
            assert!(blocks[table].contains(part), "template.yaml, {table}: needs `{part}`");
        }
    }
    assert!(block_names().len() > 40, "the template was not read");
}
