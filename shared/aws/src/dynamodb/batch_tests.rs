//! What DynamoDB leaves out of a batch is asked for again, and not for ever.

use std::collections::BTreeSet;

use domain::ids::{OrderId, TenantId};
use ports::commerce::Orders;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::dynamodb::key::{PARTITION, SORT};
use crate::{Aws, CommerceTable, Credentials, Settings};

const TENANT: TenantId = TenantId::from_u128(1);
const FIRST: OrderId = OrderId::from_u128(1);
const SECOND: OrderId = OrderId::from_u128(2);

/// Answers one request after the other, and tells what each asked for.
async fn dynamodb(answers: Vec<String>) -> (CommerceTable, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            asked.push(body_of(&mut stream).await);
            let length = answer.len();
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(format!("{head}{answer}").as_bytes()).await.expect("answered");
        }
        asked
    });
    let aws = Aws::new(Settings {
        region: "us-east-1".to_owned(),
        credentials: Credentials::new("test", "test", None, None, "test"),
        endpoint_url: Some(format!("http://{address}")),
    });
    (CommerceTable::new(&aws, "commerce"), asked)
}

async fn body_of(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4_096];
        let length = stream.read(&mut part).await.expect("a request");
        assert!(length > 0, "the request ends early");
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lengths =
            head.lines().filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if lengths.next_back().is_some_and(|length: usize| body.len() >= length) {
            return body.to_owned();
        }
    }
}

fn without(left: &[OrderId]) -> String {
    let key = |id| format!(r#"{{"{PARTITION}":{{"S":"{TENANT}"}},"{SORT}":{{"S":"{id}"}}}}"#);
    let keys: Vec<String> = left.iter().map(key).collect();
    let unprocessed = match left {
        [] => String::new(),
        _ => format!(r#""commerce":{{"Keys":[{}],"ConsistentRead":true}}"#, keys.join(",")),
    };
    format!(r#"{{"Responses":{{"commerce":[]}},"UnprocessedKeys":{{{unprocessed}}}}}"#)
}

async fn read(table: &CommerceTable) -> Result<usize, PortErrorKind> {
    let ids = BTreeSet::from([FIRST, SECOND]);
    let found = table.get_many(TENANT, &ids, Consistency::Strong).await;
    found.map(|orders| orders.len()).map_err(|error| error.kind)
}

#[tokio::test]
async fn only_what_was_left_out_is_asked_for_again() {
    let (table, asked) = dynamodb(vec![without(&[FIRST, SECOND]), without(&[SECOND]), without(&[])]).await;
    assert_eq!(read(&table).await, Ok(0), "neither is there");
    let asked = asked.await.expect("the server ends");
    let names = |body: &String| [FIRST, SECOND].map(|id| body.contains(&id.to_string()));
    assert_eq!(asked.iter().map(names).collect::<Vec<_>>(), [[true, true], [true, true], [false, true]]);
    assert!(asked.iter().all(|body| body.contains(r#""ConsistentRead":true"#)), "{asked:?}");
}

#[tokio::test]
async fn what_is_left_out_again_and_again_is_throttled() {
    let tries = 1 + PAUSES.len();
    let (table, asked) = dynamodb(vec![without(&[FIRST]); tries]).await;
    assert_eq!(read(&table).await, Err(PortErrorKind::Throttled));
    assert_eq!(asked.await.expect("the server ends").len(), tries);
}
