//! Items as they are stored: what is written must be read by the version before and after, so a change of these names is a
//! change of the data.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue as Value;
use contract::World;
use contract::builders;
use domain::allowance::ExtractionSettings;
use domain::closing::Closing;
use domain::event::EventType;
use domain::feed::{FeedBlock, Told};
use domain::journal::{Block, Listed};
use domain::ledger::Transaction;
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use domain::socket::Topic;
use ports::clock::Clock;
use ports::stream::Image;
use serde_dynamo::Item;

use super::*;
use crate::dynamodb::allowance::StoredSettings;
use crate::dynamodb::closing::StoredClosing;
use crate::dynamodb::idempotency::StoredRecord;
use crate::dynamodb::statement_page::{DifferencesPage, LinesPage, Place};
use crate::dynamodb::stream::decode_change;
use crate::dynamodb::transaction::StoredEntry;
use crate::dynamodb::user::Login;
use crate::dynamodb::webhook_delivery::StoredDelivery;

fn world() -> World {
    World::new(1)
}

fn transaction(world: &World) -> Transaction {
    let payment = builders::captured_payment(world.tenant(), world.mint());
    builders::charge(&payment, world.mint()).transaction.expect("a charge has one")
}

/// One of every kind that is written whole. Balance rows and attempt windows are not: their own tests have them.
fn items() -> Vec<Attributes> {
    let world = world();
    let (tenant, mint) = (world.tenant(), world.mint());
    let user = builders::user(tenant, mint);
    let captured = builders::captured_payment(tenant, mint);
    let transaction = transaction(&world);
    let entry = StoredEntry { tenant, entry: transaction.entries()[0].clone() };
    let record = StoredRecord { tenant, record: builders::record(mint) };
    let closing = Closing::after(None, entry.entry.account, std::slice::from_ref(&entry.entry)).expect("a closing");
    let closing = StoredClosing { tenant, closing };
    let statement = builders::statement(tenant, mint);
    let lines = builders::statement_input(mint).lines;
    let comparison = domain::statement::compare(&lines, &BTreeMap::new(), &[]);
    let ended = statement.conclude(Ok(comparison.counts), world.now());
    let place = Place { tenant, statement: statement.id };
    let page_of_lines = LinesPage::all(place, &lines).next().expect("there are lines");
    let page_of_differences = DifferencesPage::all(place, &comparison.differences).next().expect("there are some");
    let told = vec![Told { event: world.id(), kind: EventType::OrderPaid }];
    let file = builders::file(tenant, mint).accept(world.now()).expect("it is pending");
    let (attached, attachment) = file.attach(world.id(), world.id(), &[]).expect("it is ready");
    let items = [
        encode(&builders::order(tenant, mint)),
        encode(&Payment { order: Some(world.id()), ..builders::payment(tenant, mint) }),
        encode(&Refund { order: Some(world.id()), ..builders::refund(&captured, mint) }),
        encode(&builders::dispute(tenant, mint)),
        encode(&builders::event(tenant, mint)),
        encode(&transaction),
        encode(&entry),
        encode(&Block::after(None, tenant, vec![Listed::from(&transaction)], world.now())),
        encode(&closing),
        encode(&record),
        encode(&builders::tenant(mint)),
        encode(&user),
        encode(&Login::of(&user)),
        encode(&builders::session(&user, mint)),
        encode(&builders::wallet(tenant, mint)),
        encode(&builders::endpoint(tenant, mint)),
        encode(&StoredDelivery {
            delivery: builders::delivery(tenant, world.id(), world.id(), mint),
            due_at: Some(world.now()),
        }),
        encode(&builders::connections(tenant, mint)),
        encode(&statement),
        encode(&ended),
        encode(&page_of_lines),
        encode(&page_of_differences),
        encode(&builders::fee_settings(tenant, mint)),
        encode(&builders::file(tenant, mint)),
        encode(&attached),
        encode(&attachment),
        encode(&builders::job(tenant, mint)),
        encode(&builders::dead_letter(tenant, mint)),
        encode(&builders::socket(tenant, mint).subscribed(&Topic::all(), None, world.now())),
        encode(&FeedBlock::first(tenant, world.id(), world.now()).followed_by(told, world.id(), world.now())),
    ];
    items.map(|item| item.expect("encoded")).into()
}

fn names(item: &Attributes) -> String {
    let names: BTreeMap<&str, char> = item.iter().map(|(name, value)| (name.as_str(), letter(value))).collect();
    let with_types: Vec<String> = names.iter().map(|(name, kind)| format!("{name}:{kind}")).collect();
    with_types.join(" ")
}

fn letter(value: &Value) -> char {
    match value {
        Value::S(_) => 'S',
        Value::N(_) => 'N',
        Value::M(_) => 'M',
        Value::L(_) => 'L',
        Value::Bool(_) => 'T',
        other => panic!("a type that no record uses: {other:?}"),
    }
}

#[test]
fn attributes_have_their_names_and_types() {
    let stored: Vec<String> = items().iter().map(names).collect();
    let expected = [
        "available:N created_at_ms:N currency:S customer_email:S customer_name:S gsi1pk:S gsi1sk:S gsi2pk:S gsi2sk:S held:N id:S kind:S lines:L metadata:M paid:N pk:S refunded:N sk:S status:S tenant:S total:N updated_at_ms:N version:N",
        "amount:N asked:M attempt:N capture:S captured:N check_at_ms:N created_at_ms:N currency:S description:S disputed:N gsi1pk:S gsi1sk:S gsi3pk:S gsi3sk:S id:S kind:S metadata:M method:M order:S pk:S refundable:N refunded:N refunds_pending:N sk:S status:S tenant:S updated_at_ms:N version:N",
        "amount:N check_at_ms:N created_at_ms:N currency:S gsi3pk:S gsi3sk:S id:S kind:S metadata:M order:S payment:S pk:S reason:S sk:S status:S tenant:S updated_at_ms:N version:N",
        "amount:N check_at_ms:N created_at_ms:N currency:S evidence_sent:T gsi1pk:S gsi1sk:S gsi3pk:S gsi3sk:S gsi4pk:S gsi4sk:S id:S kind:S payment:S pk:S provider_reference:S reason:S respond_by_ms:N sk:S status:S tenant:S updated_at_ms:N version:N",
        "created_at_ms:N gsi3pk:S gsi3sk:S id:S idempotency_key:S kind:S object:S pk:S request_id:S sk:S subject:S tenant:S trace:S type:S",
        "entries:L gsi3pk:S gsi3sk:S id:S kind:S pk:S sk:S source:S tenant:S",
        "account:S amount:N created_at_ms:N id:S kind:S payment:S pk:S sk:S tenant:S transaction:S",
        "booked_at_ms:N gsi3pk:S gsi3sk:S hash:S kind:S number:N pk:S previous:S sk:S tenant:S total:N transactions:L",
        "account:S entries:N kind:S pk:S posted:N sk:S tenant:S upto:S",
        "answer_body:S answer_location:S answer_status:N expires_at:N expires_at_ms:N fingerprint:S key:S kind:S pk:S route:S sk:S tenant:S",
        "created_at_ms:N id:S kind:S name:S pk:S sk:S updated_at_ms:N version:N",
        "created_at_ms:N email:S id:S kind:S name:S password_changed_at_ms:N password_hash:S pk:S role:S sk:S tenant:S updated_at_ms:N version:N",
        "email_hash:S kind:S pk:S sk:S tenant:S user:S",
        "created_at_ms:N expires_at:N expires_at_ms:N family_hash:S id:S kind:S pk:S refresh_hash:S sk:S tenant:S user:S version:N",
        "available:N created_at_ms:N currency:S customer_email:S customer_name:S id:S kind:S metadata:M pending:N pk:S posted:N sk:S tenant:S",
        "created_at_ms:N health:M id:S kind:S pk:S settings:M sk:S tenant:S version:N",
        "attempts:L attempts_made:N cause:S created_at_ms:N endpoint:S event:S expires_at:N gsi3pk:S gsi3sk:S has_place:T holds:N kind:S next_at_ms:N pk:S sk:S status:S tenant:S type:S updated_at_ms:N version:N",
        "connected:L kind:S pk:S sk:S tenant:S turns:L version:N",
        "check_at_ms:N created_at_ms:N currency:S from_ms:N gsi3pk:S gsi3sk:S id:S kind:S lines:N pk:S provider:S sk:S status:S tenant:S to_ms:N updated_at_ms:N version:N",
        "counts:M created_at_ms:N currency:S from_ms:N id:S kind:S lines:N pk:S provider:S sk:S status:S tenant:S to_ms:N updated_at_ms:N version:N",
        "kind:S lines:L number:N pk:S sk:S statement:S tenant:S",
        "differences:L kind:S number:N pk:S sk:S statement:S tenant:S",
        "basis_points:N fixed:M kind:S pk:S sk:S tenant:S updated_at_ms:N",
        "check_at_ms:N checksum:S content_type:S created_at_ms:N gsi1pk:S gsi1sk:S gsi3pk:S gsi3sk:S id:S kind:S name:S pk:S size:N sk:S status:S tenant:S updated_at_ms:N upload_before_ms:N version:N",
        "attachments:L checksum:S content_type:S created_at_ms:N gsi1pk:S gsi1sk:S id:S kind:S name:S pk:S size:N sk:S status:S tenant:S updated_at_ms:N upload_before_ms:N version:N",
        "file:S id:S kind:S order:S pk:S sk:S slot:N tenant:S",
        "attempts:N cancel_requested:T check_at_ms:N created_at_ms:N gsi1pk:S gsi1sk:S gsi3pk:S gsi3sk:S id:S kind:S log:L pk:S priority:S progress:N report:M sk:S status:S tenant:S updated_at_ms:N version:N",
        "about_kind:S body:S deaths:N died_at_ms:N expires_at:N gsi1pk:S gsi1sk:S gsi3pk:S gsi3sk:S id:S kind:S pk:S queue:S reason:S receive_count:N sk:S status:S subject:S tenant:S trace:S version:N",
        "expires_at:N id:S kind:S lease_until_ms:N opened_at_ms:N pk:S place_block:N place_events:N role:S session:S sk:S subject:S tenant:S token_issued_at_seconds:N topics:L version:N wanted:T",
        "begins_after:S events:L expires_at:N kind:S number:N pk:S sk:S tenant:S up_to:S written_at_ms:N",
    ];
    for (stored, expected) in stored.iter().zip(expected) {
        assert_eq!(stored, expected);
    }
    assert_eq!(stored.len(), expected.len());
}

/// What `docs/DATA.md` counts with: the size of an item (as DynamoDB's developer guide computes it, under "Item sizes")
/// decides the units of a write. The order has two lines.
#[test]
fn typical_items_take_one_kilobyte() {
    for item in items() {
        let size: usize = item.iter().map(|(name, value)| name.len() + size(value)).sum();
        let kind = kind_of(&Item::from(item)).expect("a kind");
        let kilobytes_max = if matches!(kind, Kind::Order) { 2 } else { 1 };
        eprintln!("{kind:?} {size}");
        assert!(size <= kilobytes_max * 1_024, "{kind:?} has {size} bytes");
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(digits) => digits.len().div_ceil(2) + 1,
        Value::Bool(_) => 1,
        Value::L(elements) => 3 + elements.iter().map(|element| 1 + size(element)).sum::<usize>(),
        Value::M(pairs) => 3 + pairs.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>(),
        other => panic!("a type that no record uses: {other:?}"),
    }
}

#[test]
fn what_a_stream_shows_is_what_was_written() {
    let world = world();
    let (tenant, mint) = (world.tenant(), world.mint());
    let payment = builders::payment(tenant, mint);
    let image = || Item::from(encode(&payment).expect("encoded"));
    let inserted = decode_change(Item::default(), image()).expect("readable");
    assert_eq!((inserted.old, inserted.new), (None, Some(Image::Payment(payment.clone()))));
    let removed = decode_change(image(), Item::default()).expect("readable");
    assert_eq!((removed.old, removed.new), (Some(Image::Payment(payment.clone())), None));
    for item in items() {
        decode_change(Item::default(), Item::from(item)).expect("every kind is readable");
    }
    let transaction = transaction(&world);
    let row = Item::from(encode(&transaction).expect("encoded"));
    assert_eq!(
        decode_change(Item::default(), row).expect("readable").new,
        Some(Image::Transaction(transaction.clone()))
    );
    let entry = StoredEntry { tenant, entry: transaction.entries()[0].clone() };
    let row = Item::from(encode(&entry).expect("encoded"));
    assert_eq!(decode_change(Item::default(), row).expect("readable").new, Some(Image::Other));
}

/// Old and new code run on the same data: what a later version adds is passed over.
#[test]
fn attributes_of_a_later_version_are_passed_over() {
    let order = builders::order(world().tenant(), world().mint());
    let mut item = encode(&order).expect("encoded");
    item.insert("later".to_owned(), Value::S("x".to_owned()));
    assert_eq!(decode::<Order>(item).expect("readable"), order);
}

#[test]
fn extraction_settings_of_before_versions_were_counted_are_read() {
    let settings = ExtractionSettings { tokens_per_month: Some(5), cents_per_month: None, version: 3 };
    let stored = StoredSettings { tenant: world().tenant(), settings };
    let mut item = encode(&stored).expect("encoded");
    item.remove("version");
    let first = ExtractionSettings { version: 0, ..settings };
    assert_eq!(decode::<StoredSettings>(item).expect("readable"), StoredSettings { settings: first, ..stored });
}

#[test]
fn what_cannot_be_read_is_named_without_its_value() {
    let payment = builders::payment(world().tenant(), world().mint());
    let secret = "tok_secret";
    for (attribute, value, told) in [
        ("status", Value::S(secret.to_owned()), "status of a stored payment"),
        ("amount", Value::N("-1".to_owned()), "amount of a stored payment"),
        ("version", Value::S(secret.to_owned()), "some attribute of a stored payment"),
        ("kind", Value::S(secret.to_owned()), "kind of a stored payment"),
        ("kind", Value::S("order".to_owned()), "kind of a stored payment"),
    ] {
        let mut item = encode(&payment).expect("encoded");
        item.insert(attribute.to_owned(), value);
        let error = decode::<Payment>(item).expect_err("unreadable");
        assert_eq!(error.kind, PortErrorKind::Corrupt);
        let text =
            format!("{error} {error:?} {}", error.source.as_deref().map(ToString::to_string).unwrap_or_default());
        assert!(text.contains(told) && !text.contains(secret), "{text}");
    }
    let mut unknown = encode(&payment).expect("encoded");
    unknown.insert("kind".to_owned(), Value::S("hologram".to_owned()));
    assert_eq!(
        decode_change(Item::default(), Item::from(unknown)).map_err(|error| error.kind),
        Err(PortErrorKind::Corrupt)
    );
}

#[test]
fn what_expires_says_so_in_seconds() {
    let world = world();
    let block = FeedBlock::first(world.tenant(), world.id(), world.now());
    let item = encode(&block).expect("encoded");
    let expected = (world.now().as_ms() / 1_000 + 30 * 24 * 60 * 60).to_string();
    assert_eq!(item.get(EXPIRES_AT), Some(&Value::N(expected)));
}
