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
#[path = "ses_tests.rs"]
mod tests;
