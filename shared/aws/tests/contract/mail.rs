//! Sending mail, by SES. What was sent is read where the emulator shows it.

use aws_sdk_sesv2::error::ProvideErrorMetadata;
use coffer_aws::SesMailer;
use domain::mail::Written;
use domain::text::Email;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::place::{aws, endpoint, seed};

const FROM: &str = "mail@contract.example";

/// All mails that the emulator has taken.
async fn messages() -> Vec<Value> {
    let endpoint = endpoint();
    let address = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(address).await.expect("the emulator is there");
    let request = format!("GET /_ministack/ses/messages HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("it is asked");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let json: Value = serde_json::from_str(body).expect("JSON");
    let accounts = json["messages"].as_object().cloned().unwrap_or_default();
    accounts.into_iter().flat_map(|(_, messages)| messages.as_array().cloned().unwrap_or_default()).collect()
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn mail_keeps_its_contract() {
    let aws = aws();
    let made = aws.ses().create_email_identity().email_identity(FROM).send().await;
    let is_there = made.as_ref().err().and_then(|error| error.code()) == Some("AlreadyExistsException");
    assert!(made.is_ok() || is_there, "{made:?}");
    let mailer = SesMailer::new(&aws, Email::parse(FROM).expect("an address"), None);
    let sent = async |to: &Email| {
        let text = |message: &Value, name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let written = |message: &Value| Written {
            subject: text(message, "Subject"),
            text: text(message, "BodyText"),
            html: text(message, "BodyHtml"),
        };
        let messages = messages().await;
        messages.iter().filter(|message| message["To"][0] == to.as_str()).map(written).collect()
    };
    contract::mail::a_mail_is_sent_as_it_is(&mailer, sent, seed()).await;
}

#[tokio::test]
#[ignore = "needs the emulator: cargo xtask test"]
async fn a_refusal_of_ses_names_nobody() {
    let world = contract::World::new(seed());
    let nobody = Email::parse("nobody@unverified.example").expect("an address");
    let mailer = SesMailer::new(&aws(), nobody, None);
    let mail = contract::builders::mail(world.tenant(), world.mint());
    let error = ports::mail::Mailer::send(&mailer, &mail).await.expect_err("the sender is not verified");
    assert_eq!(error.kind, ports::PortErrorKind::Rejected);
    let told = format!("{error:?} {error}");
    assert!(!told.contains('@') && !told.contains("example"), "{told}");
}
