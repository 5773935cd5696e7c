//! What SES tells of mails that came back or were called spam
//! (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>). Whose mail it was, the tag
//! says that it was sent with.

use domain::ids::TenantId;
use domain::mail::{AddressHash, Feedback, Refusal};
use domain::text::Email;
use serde::{Deserialize, Serialize};

use crate::digest::{from_hex, to_hex};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is no event of SES")]
pub struct UnreadableFeedback;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SesEvent {
    event_type: String,
    mail: SentMail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
struct SentMail {
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Default)]
struct Tags {
    #[serde(default)]
    tenant: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Recipient>,
    complaint_feedback_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: String,
}

/// What of an event is kept among the dead letters in its place; empty where nothing follows of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    feedback: Vec<KeptFeedback>,
}

#[derive(Serialize, Deserialize)]
struct KeptFeedback {
    tenant: String,
    reason: String,
    /// SHA-256, hexadecimal.
    addresses: Vec<String>,
}

/// The same event without the addresses that it holds, for what is kept longer than a message: [`decode_feedback`]
/// reads it as it reads the event. `None` when it is none.
pub fn without_addresses(body: &str) -> Option<String> {
    let kept = |Feedback { tenant, refusal, addresses }: Feedback| KeptFeedback {
        tenant: tenant.to_string(),
        reason: refusal.as_str().to_owned(),
        addresses: addresses.iter().map(|address| to_hex(&address.0)).collect(),
    };
    let feedback = decode_feedback(body).ok()?.map(kept).into_iter().collect();
    serde_json::to_string(&Kept { feedback }).ok()
}

fn decode_kept(kept: KeptFeedback) -> Option<Feedback> {
    let KeptFeedback { tenant, reason, addresses } = kept;
    let addresses = addresses.iter().map(|address| from_hex(address).map(AddressHash));
    Some(Feedback {
        tenant: tenant.parse().ok()?,
        refusal: Refusal::parse(&reason)?,
        addresses: addresses.collect::<Option<_>>()?,
    })
}

/// `None` where nothing follows of it: a bounce that may pass, a reader who says that it is no spam, somebody else's mail.
pub fn decode_feedback(body: &str) -> Result<Option<Feedback>, UnreadableFeedback> {
    if let Ok(Kept { feedback }) = serde_json::from_str(body) {
        let known = |kept| decode_kept(kept).ok_or(UnreadableFeedback);
        return feedback.into_iter().next().map(known).transpose();
    }
    let event: SesEvent = serde_json::from_str(body).map_err(|_| UnreadableFeedback)?;
    let SesEvent { event_type, mail, bounce, complaint } = event;
    let Some(tenant) = mail.tags.tenant.first().and_then(|tenant| tenant.parse::<TenantId>().ok()) else {
        return Ok(None);
    };
    let (refusal, recipients) = match (event_type.as_str(), bounce, complaint) {
        ("Bounce", Some(bounce), _) if bounce.bounce_type == "Permanent" => {
            (Refusal::Bounced, bounce.bounced_recipients)
        }
        ("Complaint", _, Some(complaint)) if complaint.complaint_feedback_type.as_deref() != Some("not-spam") => {
            (Refusal::Complained, complaint.complained_recipients)
        }
        _nothing_follows => return Ok(None),
    };
    let addresses = recipients.iter().filter_map(|recipient| Email::parse(&recipient.email_address).ok());
    Ok(Some(Feedback { tenant, refusal, addresses: addresses.map(|address| AddressHash::of(&address)).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the page above, with our tag.
    fn told(event: &str) -> String {
        let tenant = TenantId::from_u128(1);
        let mail = format!(
            r#""mail":{{"timestamp":"2017-08-05T00:40:02.012Z","source":"Sender Name <sender@example.com>",
            "messageId":"EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination":["recipient@example.com"],"headersTruncated":false,
            "tags":{{"ses:configuration-set":["ConfigSet"],"ses:source-ip":["192.0.2.0"],
            "ses:from-domain":["example.com"],"ses:caller-identity":["ses_user"],"tenant":["{tenant}"]}}}}"#
        );
        format!("{{{event},{mail}}}")
    }

    fn bounce(kind: &str) -> String {
        told(&format!(
            r#""eventType":"Bounce","bounce":{{"bounceType":"{kind}","bounceSubType":"General",
            "bouncedRecipients":[{{"emailAddress":"Recipient@example.com","action":"failed","status":"5.1.1",
            "diagnosticCode":"smtp; 550 5.1.1 user unknown"}}],"timestamp":"2017-08-05T00:41:02.669Z",
            "feedbackId":"01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
            "reportingMTA":"dsn; mta.example.com"}}"#
        ))
    }

    fn complaint(kind: &str) -> String {
        told(&format!(
            r#""eventType":"Complaint","complaint":{{"complainedRecipients":[{{"emailAddress":"recipient@example.com"}}],
            "timestamp":"2017-08-05T00:41:02.669Z",
            "feedbackId":"01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
            "userAgent":"Amazon SES Mailbox Simulator","complaintFeedbackType":"{kind}",
            "arrivalDate":"2017-08-05T00:41:02.669Z"}}"#
        ))
    }

    #[test]
    fn what_came_back_for_good_and_what_was_called_spam() {
        let address = Email::parse("recipient@example.com").map(|address| AddressHash::of(&address));
        let of = |refusal| Feedback {
            tenant: TenantId::from_u128(1),
            refusal,
            addresses: address.iter().copied().collect(),
        };
        assert_eq!(decode_feedback(&bounce("Permanent")), Ok(Some(of(Refusal::Bounced))));
        assert_eq!(decode_feedback(&complaint("abuse")), Ok(Some(of(Refusal::Complained))));
    }

    #[test]
    fn what_is_kept_of_an_event_has_no_address_and_reads_as_it_did() {
        for event in [bounce("Permanent"), complaint("abuse"), bounce("Transient"), complaint("not-spam")] {
            let kept = without_addresses(&event).expect("an event");
            assert!(!kept.contains('@'), "{kept}");
            assert_eq!(decode_feedback(&kept), decode_feedback(&event));
            assert_eq!(without_addresses(&kept), Some(kept), "it dies again as the same letter");
        }
        for strange in ["", "{}", r#"{"feedback":[{"tenant":"ten_1","reason":"bounced","addresses":[]}]}"#] {
            assert_eq!(without_addresses(strange), None, "{strange}");
        }
    }

    #[test]
    fn of_the_rest_nothing_follows() {
        let delivery = told(r#""eventType":"Delivery","delivery":{"recipients":["recipient@example.com"]}"#);
        let foreign = bounce("Permanent").replace("\"tenant\"", "\"other\"");
        for event in [bounce("Transient"), bounce("Undetermined"), complaint("not-spam"), delivery, foreign] {
            assert_eq!(decode_feedback(&event), Ok(None), "{event}");
        }
        for strange in ["", "{}", "[]", r#"{"event":"evt_1"}"#, r#"{"eventType":"Bounce"}"#] {
            assert_eq!(decode_feedback(strange), Err(UnreadableFeedback), "{strange}");
        }
    }
}
