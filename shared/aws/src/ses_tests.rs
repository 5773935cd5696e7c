//! What SES is asked for: without the tenant's tag or the configuration set, no bounce would ever be heard of.

use domain::ids::TenantId;
use domain::mail::{AddressHash, Feedback, MailKind, Refusal};
use domain::opt_out::{OptOut, OptOutToken};
use domain::text::Name;
use serde_json::{Value, json};

use super::*;
use crate::decode_feedback;
use crate::listener::listener;

const TO: &str = "reader@shop.example";

fn mail() -> Mail {
    Mail {
        tenant: TenantId::from_u128(1),
        kind: MailKind::Receipt,
        from_name: Name::parse("Green Tea, Ltd.").expect("a name"),
        reply_to: Some(Email::parse("answers@tea.example").expect("an address")),
        to: Email::parse(TO).expect("an address"),
        opt_out: None,
        written: Written { subject: "s".to_owned(), text: "t".to_owned(), html: "h".to_owned() },
    }
}

/// What SES hears when this is sent.
async fn asked(mail: &Mail, configuration_set: Option<&str>) -> Value {
    let (aws, heard) = listener(r#"{"MessageId":"1"}"#).await;
    let from = Email::parse("mail@coffer.example").expect("an address");
    SesMailer::new(&aws, from, configuration_set.map(Arc::from)).send(mail).await.expect("it is sent");
    heard.await.expect("a request")
}

// J6
#[tokio::test]
async fn a_mail_says_whose_it_is_from_whom_and_where_its_bounces_are_told() {
    let asked_for = asked(&mail(), Some("feedback")).await;
    assert_eq!(asked_for["FromEmailAddress"], r#""Green Tea, Ltd." <mail@coffer.example>"#);
    assert_eq!(asked_for["Destination"], json!({ "ToAddresses": [TO] }));
    assert_eq!(asked_for["ReplyToAddresses"], json!(["answers@tea.example"]));
    assert_eq!(asked_for["ConfigurationSetName"], "feedback");
    let tags = json!([
        { "Name": "tenant", "Value": "ten_00000000000000000000000001" },
        { "Name": "kind", "Value": "receipt" },
    ]);
    assert_eq!(asked_for["EmailTags"], tags);
    let bare = asked(&Mail { reply_to: None, ..mail() }, None).await;
    assert_eq!((&bare["ReplyToAddresses"], &bare["ConfigurationSetName"]), (&Value::Null, &Value::Null));
}

// J6
#[tokio::test]
async fn a_bounce_with_the_tags_of_a_mail_is_its_tenant_s() {
    let asked_for = asked(&mail(), Some("feedback")).await;
    // SES gives each tag back under its name, as a list
    // (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>).
    let tag = |tag: &Value| Some((tag["Name"].as_str()?.to_owned(), json!([tag["Value"]])));
    let tags: Option<serde_json::Map<String, Value>> =
        asked_for["EmailTags"].as_array().expect("tags").iter().map(tag).collect();
    let bounce = json!({
        "eventType": "Bounce",
        "mail": { "tags": tags.expect("names and values") },
        "bounce": { "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": TO }] },
    });
    let addresses = vec![AddressHash::of(&mail().to)];
    let expected = Feedback { tenant: mail().tenant, refusal: Refusal::Bounced, addresses };
    assert_eq!(decode_feedback(&bounce.to_string()), Ok(Some(expected)));
}

#[test]
fn a_name_can_neither_end_early_nor_hold_an_address() {
    assert_eq!(display_name("Shop, Ltd."), r#""Shop, Ltd.""#);
    assert_eq!(display_name(r#"Jo" <a@b.example> \"#), r#""Jo\" <a@b.example> \\""#);
    assert_eq!(display_name("Bär"), "=?UTF-8?B?QsOkcg==?=");
}

#[test]
fn a_customer_s_mail_has_the_headers_of_one_click() {
    let of = OptOut { tenant: TenantId::from_u128(1), address: AddressHash([1; 32]) };
    let link = OptOutLink::new("https://shop.example/api/v1", OptOutToken { of, signature: [2; 32] });
    let written = Written { subject: "s".to_owned(), text: "t".to_owned(), html: "h".to_owned() };
    let headers = |opt_out: Option<&OptOutLink>| -> Vec<(String, String)> {
        let message = message(&written, opt_out).expect("a message");
        let headers = message.headers().iter();
        headers.map(|header| (header.name().to_owned(), header.value().to_owned())).collect()
    };
    let expected = [
        ("List-Unsubscribe".to_owned(), format!("<{}>", link.as_str())),
        ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
    ];
    assert_eq!(headers(Some(&link)), expected);
    assert_eq!(headers(None), []);
}

#[test]
fn long_names_are_several_words_of_whole_characters() {
    let name = "茶".repeat(40);
    let encoded = display_name(&name);
    let decode = |word: &str| {
        let bytes = word.strip_prefix("=?UTF-8?B?")?.strip_suffix("?=")?;
        String::from_utf8(STANDARD.decode(bytes).ok()?).ok()
    };
    assert!(encoded.split(' ').all(|word| word.len() <= 75), "{encoded}");
    assert_eq!(encoded.split(' ').map(decode).collect::<Option<String>>(), Some(name));
}
