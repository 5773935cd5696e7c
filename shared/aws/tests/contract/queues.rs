//! Queues and what becomes of their messages, in SQS.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use coffer_aws::{Aws, SqsQueues, SqsRedelivery, decode_notice};
use contract::World;
use contract::builders::notice;
use domain::event::{Notice, Queue};
use ports::PortErrorKind;
use ports::queues::{Parcel, Queues, Received, Redelivery, Returns, WAIT_MAX};

use crate::place::{aws, seed, unique_name};

async fn make_queue(aws: &Aws) -> String {
    // SQS names have 80 characters at most and no underscore is lost.
    let answer = aws.sqs().create_queue().queue_name(unique_name("queue")).send().await;
    answer.expect("a queue is created").queue_url.expect("its URL")
}

async fn remove_queue(aws: &Aws, url: &str) {
    aws.sqs().delete_queue().queue_url(url).send().await.expect("the queue is deleted");
}

async fn receive(aws: &Aws, url: &str) -> Vec<Message> {
    let request = aws.sqs().receive_message().queue_url(url).max_number_of_messages(10);
    let request =
        request.message_system_attribute_names(MessageSystemAttributeName::All).message_attribute_names("All");
    request.send().await.expect("messages are received").messages.unwrap_or_default()
}

async fn receive_one(aws: &Aws, url: &str) -> Option<Message> {
    for _ in 0..100 {
        if let Some(message) = receive(aws, url).await.pop() {
            return Some(message);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}

fn trace(message: &Message) -> Option<String> {
    let attributes = message.attributes.as_ref()?;
    attributes.get(&MessageSystemAttributeName::AwsTraceHeader).cloned()
}

fn group(message: &Message) -> Option<&str> {
    message.attributes.as_ref()?.get(&MessageSystemAttributeName::MessageGroupId).map(String::as_str)
}

fn received(message: &Message) -> Received {
    Received {
        id: message.message_id.clone().unwrap_or_default(),
        receipt: message.receipt_handle.clone().unwrap_or_default(),
        body: message.body.clone().unwrap_or_default(),
        receive_count: 1,
        trace: trace(message),
    }
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn queues_keep_their_contract() {
    let aws = aws();
    let mut urls = BTreeMap::new();
    for queue in Queue::ALL {
        urls.insert(queue, make_queue(&aws).await);
    }
    let queues = SqsQueues::new(&aws, urls.clone());
    let receive_notices = async |queue: Queue| -> Vec<Notice> {
        let messages = receive(&aws, &urls[&queue]).await;
        let decode = |message: &Message| decode_notice(message.body().unwrap_or_default(), trace(message));
        messages.iter().map(|message| decode(message).expect("a notice")).collect()
    };
    contract::queues::sending_nothing_is_no_error(&queues).await;
    contract::queues::every_notice_arrives(&queues, receive_notices, seed()).await;
    for url in urls.values() {
        remove_queue(&aws, url).await;
    }
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn what_is_sent_for_later_is_not_seen_before() {
    let (aws, world) = (aws(), World::new(seed()));
    let url = make_queue(&aws).await;
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Payments, url.clone())]));
    let notices = [notice(world.tenant(), world.mint())];
    queues.send_after(Queue::Payments, Duration::from_millis(1_500), &notices).await.expect("sent");
    assert!(receive(&aws, &url).await.is_empty(), "it waits");
    assert!(receive_one(&aws, &url).await.is_some(), "it comes");
    let too_long = queues.send_after(Queue::Payments, WAIT_MAX * 2, &notices).await;
    assert_eq!(too_long.map_err(|error| error.kind), Err(PortErrorKind::Rejected));
    remove_queue(&aws, &url).await;
}

// F3: what SQS shares fairly between tenants has to say whose it is.
#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn whatever_is_sent_says_whose_it_is() {
    let (aws, world) = (aws(), World::new(seed()));
    let url = make_queue(&aws).await;
    let queues = SqsQueues::new(&aws, BTreeMap::from([(Queue::Jobs, url.clone())]));
    let tenant = world.tenant();
    queues.send(Queue::Jobs, &[notice(tenant, world.mint())]).await.expect("sent");
    let sent = receive_one(&aws, &url).await.expect("it comes");
    assert_eq!(group(&sent), Some(tenant.to_string().as_str()));
    aws.sqs()
        .delete_message()
        .queue_url(&url)
        .receipt_handle(sent.receipt_handle.unwrap_or_default())
        .send()
        .await
        .expect("deleted");

    let parcel = Parcel { body: "a body: café".to_owned(), tenant, trace: None };
    queues.send_back(Queue::Jobs, std::slice::from_ref(&parcel)).await.expect("sent back");
    let back = receive_one(&aws, &url).await.expect("it comes");
    assert_eq!((back.body.as_deref(), group(&back)), (Some(parcel.body.as_str()), Some(tenant.to_string().as_str())));
    remove_queue(&aws, &url).await;
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_queue_that_is_not_named_is_an_error_of_the_set_up() {
    let world = World::new(seed());
    let queues = SqsQueues::new(&aws(), BTreeMap::new());
    let refused = queues.send(Queue::Payments, &[notice(world.tenant(), world.mint())]).await;
    assert_eq!(refused.map_err(|error| error.kind), Err(PortErrorKind::Rejected));
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_delayed_message_comes_again_and_a_buried_one_is_among_the_dead() {
    let aws = aws();
    let (queue, dead) = (make_queue(&aws).await, make_queue(&aws).await);
    let redelivery = SqsRedelivery::new(&aws, &queue, &dead);
    aws.sqs().send_message().queue_url(&queue).message_body("a body").send().await.expect("sent");

    let first = receive_one(&aws, &queue).await.expect("the message");
    redelivery.delay(&received(&first), Duration::from_millis(900)).await.expect("delayed");
    assert!(receive(&aws, &queue).await.is_empty(), "hidden");
    let second = receive_one(&aws, &queue).await.expect("it comes again within seconds, not after the queue's 30");
    assert_eq!(second.body, first.body);

    redelivery.bury(&received(&second), "poison: café").await.expect("buried");
    let buried = receive_one(&aws, &dead).await.expect("the dead letter");
    assert_eq!(buried.body, first.body);
    let reason = buried.message_attributes.unwrap_or_default().remove("reason").and_then(|reason| reason.string_value);
    assert_eq!(reason.as_deref(), Some("poison: café"));
    for url in [&queue, &dead] {
        remove_queue(&aws, url).await;
    }
}
