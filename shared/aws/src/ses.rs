//! Mail by Amazon SES, from the stack's one verified address under the name that a tenant gives itself. Nothing of a mail
//! is in an error: what SES answers may quote addresses.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::mail::{Mail, Written};
use domain::opt_out::OptOutLink;
use domain::text::Email;
use ports::mail::Mailer;
use ports::{PortError, PortErrorKind};

use crate::Aws;
use crate::error::kind;

const OPERATION: &str = "send a mail";
const CHARSET: &str = "UTF-8";
/// What an encoded word of RFC 2047 (section 2) may hold: 75 characters, less `=?UTF-8?B?` and `?=`, as bytes before Base64.
const ENCODED_BYTES_MAX: usize = 45;

#[derive(Debug, Clone)]
pub struct SesMailer {
    client: Client,
    from: Email,
    /// The set whose events tell of bounces and complaints.
    configuration_set: Option<Arc<str>>,
}

impl SesMailer {
    /// `from` is an identity that SES has verified.
    pub fn new(aws: &Aws, from: Email, configuration_set: Option<Arc<str>>) -> Self {
        Self { client: aws.ses(), from, configuration_set }
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, mail: &Mail) -> Result<(), PortError> {
        let Mail { tenant, kind: mail_kind, from_name, reply_to, to, opt_out, written } = mail;
        let unbuildable = |error: BuildError| PortError::caused_by(PortErrorKind::Rejected, OPERATION, error);
        let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build().map_err(unbuildable);
        let request = self
            .client
            .send_email()
            .from_email_address(format!("{} <{}>", display_name(from_name.as_str()), self.from.as_str()))
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .set_reply_to_addresses(reply_to.as_ref().map(|address| vec![address.as_str().to_owned()]))
            .set_configuration_set_name(self.configuration_set.as_deref().map(str::to_owned))
            // What comes back of it says by these whose it was.
            .email_tags(tag("tenant", &tenant.to_string())?)
            .email_tags(tag("kind", mail_kind.as_str())?)
            .content(EmailContent::builder().simple(message(written, opt_out.as_ref()).map_err(unbuildable)?).build());
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let code = error.code().unwrap_or("no code").to_owned();
                Err(PortError::caused_by(kind(&error), OPERATION, code))
            }
        }
    }
}

fn message(Written { subject, text, html }: &Written, opt_out: Option<&OptOutLink>) -> Result<Message, BuildError> {
    let content = |data: &str| Content::builder().data(data).charset(CHARSET).build();
    let body = Body::builder().text(content(text)?).html(content(html)?).build();
    let message = Message::builder().subject(content(subject)?).body(body);
    let Some(link) = opt_out else { return Ok(message.build()) };
    let header = |name: &str, value: String| MessageHeader::builder().name(name).value(value).build();
    // One click is enough, and needs no page (RFC 2369, RFC 8058). SES signs both headers.
    let message = message.headers(header("List-Unsubscribe", format!("<{}>", link.as_str()))?);
    Ok(message.headers(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())?).build())
}

/// A name as it stands before an address: a quoted string, or encoded words where it is not ASCII (RFC 5322, RFC 2047).
fn display_name(name: &str) -> String {
    if name.is_ascii() {
        return format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut words = vec![String::new()];
    for character in name.chars() {
        let fits = words.last().is_some_and(|word| word.len() + character.len_utf8() <= ENCODED_BYTES_MAX);
        if !fits {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let encoded = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use domain::ids::TenantId;
    use domain::mail::AddressHash;
    use domain::opt_out::{OptOut, OptOutToken};

    use super::*;

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
}
