//! Every kind of item has its key from `key.rs`, and no key is built anywhere else.

use std::fs;
use std::path::Path;

use domain::ids::{StatementId, TransactionId};

use super::*;

fn tenant() -> TenantId {
    TenantId::from_u128(1)
}

fn account() -> AccountId {
    "acc_merchant_eur".parse().expect("an account")
}

fn email() -> Email {
    Email::parse("a@b.example").expect("an address")
}

fn parts(Key { pk, sk }: Key) -> (String, String) {
    (pk, sk)
}

/// The keys of every kind of item that belongs to a tenant.
fn keys() -> Vec<(String, String)> {
    let tenant = tenant();
    let payment = PaymentId::from_u128(2);
    let keys = [
        Key::order(tenant, OrderId::from_u128(2)),
        Key::payment(tenant, payment),
        Key::refund(tenant, payment, RefundId::from_u128(3)),
        Key::event(tenant, EventId::from_u128(2)),
        Key::idempotency(tenant, "POST /v1/payments", &IdempotencyKey::parse("k#1").expect("a key")),
        Key::transaction(tenant, Source::Reversal(TransactionId::from_u128(2))),
        Key::entry(tenant, account(), EntryId::from_u128(2)),
        Key::balance(tenant, account(), 7),
        Key::block(tenant, 12),
        Key::closing(tenant, account(), EntryId::from_u128(2)),
        Key::statement(tenant, StatementId::from_u128(2)),
        Key::statement_lines(tenant, StatementId::from_u128(2), 3),
        Key::differences(tenant, StatementId::from_u128(2), 12),
        Key::fee_settings(tenant),
        Key::tenant(tenant),
        Key::user(tenant, UserId::from_u128(2)),
        Key::session(tenant, SessionId::from_u128(2)),
    ];
    keys.map(parts).into()
}

#[test]
fn keys_are_what_the_data_page_says() {
    let zeros = "0".repeat(25);
    let pk = |kind: &str| format!("ten_{zeros}1#{kind}");
    let expected = [
        (pk("ORD"), format!("ord_{zeros}2")),
        (pk("PAY"), format!("pay_{zeros}2")),
        (pk(&format!("REF#pay_{zeros}2")), format!("ref_{zeros}3")),
        (pk("EVT"), format!("evt_{zeros}2")),
        (pk("IDEM#POST /v1/payments"), "k#1".to_owned()),
        (pk("TXN"), format!("reversal:txn_{zeros}2")),
        (pk("ENT#acc_merchant_eur"), format!("ent_{zeros}2")),
        (pk("BAL"), "acc_merchant_eur#07".to_owned()),
        (pk("JRN"), format!("{:020}", 12)),
        (pk("CLO#acc_merchant_eur"), format!("ent_{zeros}2")),
        (pk("STM"), format!("stm_{zeros}2")),
        (pk(&format!("STL#stm_{zeros}2")), "00003".to_owned()),
        (pk(&format!("DIF#stm_{zeros}2")), "00012".to_owned()),
        (pk("SET"), "fees".to_owned()),
        (pk("TEN"), format!("ten_{zeros}1")),
        (pk("USR"), format!("usr_{zeros}2")),
        (pk("SES"), format!("ses_{zeros}2")),
    ];
    assert_eq!(keys(), expected);
}

#[test]
fn every_partition_begins_with_its_tenant() {
    let tenant = tenant();
    let of_indexes = [
        IndexKey::order_status(tenant, OrderStatus::Open, OrderId::from_u128(2)).pk,
        IndexKey::order_customer(tenant, &email(), OrderId::from_u128(2)).pk,
        IndexKey::payment_status(tenant, PaymentStatus::Refunded, PaymentId::from_u128(2)).pk,
        Partition::referenced(tenant, &"ch_1".parse().expect("a reference")).pk,
    ];
    for pk in keys().into_iter().map(|(pk, _)| pk).chain(of_indexes) {
        assert!(pk.starts_with(&format!("{tenant}#")), "{pk}");
    }
}

#[test]
fn the_partitions_without_a_tenant_are_the_named_ones() {
    let hash = sha256_hex(email().as_str());
    assert_eq!(parts(Key::login(&hash, tenant())), (format!("LOGIN#{hash}"), tenant().to_string()));
    assert_eq!(parts(Key::attempts("address#192.0.2.1")), ("ATTEMPT#address#192.0.2.1".to_owned(), "A".to_owned()));
    assert_eq!(Partition::due(DueKind::Refund, 3).pk, "DUE#refund#03");
}

#[test]
fn no_address_is_in_a_key() {
    let texts = [format!("{:?}", Partition::orders_of_customer(tenant(), &email())), format!("{:?}", keys())];
    assert!(texts.iter().all(|text| !text.contains("b.example")));
}

#[test]
fn due_entries_are_read_back_from_the_table_s_keys() {
    let (tenant, payment) = (tenant(), PaymentId::from_u128(2));
    let (pk, sk) = parts(Key::payment(tenant, payment));
    assert_eq!(parse_payment(&pk, &sk), Some((tenant, payment)));
    let (pk, sk) = parts(Key::refund(tenant, payment, RefundId::from_u128(3)));
    assert_eq!(parse_refund(&pk, &sk), Some((tenant, payment, RefundId::from_u128(3))));
    assert_eq!(parse_payment(&pk, &sk), None);
    let (pk, sk) = parts(Key::event(tenant, EventId::from_u128(4)));
    assert_eq!(parse_event(&pk, &sk), Some((tenant, EventId::from_u128(4))));
    assert_eq!(parse_refund(&pk, &sk), None);
    let source = Source::Charge(payment);
    let (pk, sk) = parts(Key::transaction(tenant, source));
    assert_eq!(parse_transaction(&pk, &sk), Some((tenant, source)));
    assert_eq!(parse_event(&pk, &sk), None);
}

#[test]
fn text_order_of_due_moments_is_time_order() {
    let moments = [-5, 0, 9, 10, 1_800_000_000_000, i64::MAX].map(|ms| due_moment(Timestamp::from_ms(ms)));
    assert!(moments.is_sorted(), "{moments:?}");
    assert!(moments.iter().all(|moment| moment.len() == 20));
}

/// F1: a key attribute that is named anywhere else could be filled with anything.
#[test]
fn nothing_else_names_a_key_attribute() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dynamodb");
    for file in fs::read_dir(folder).expect("the folder is there") {
        let path = file.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.starts_with("key") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("readable");
        for attribute in ["\"pk\"", "\"sk\"", "\"gsi", "#ORD", "#PAY"] {
            assert!(!text.contains(attribute), "{name} writes {attribute}: make a key in key.rs instead");
        }
    }
}
