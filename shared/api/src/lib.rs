//! The wire: the shape of every answer and of every event's object, made from domain values. One function for each noun
//! gives the JSON text, so that an answer, its replay, its cached copy and its event are the same bytes.

mod bulk;
mod connection;
mod dead_letter;
mod dispute;
mod event;
mod extraction;
mod fee;
mod file;
mod identity;
mod job;
mod ledger;
mod mail;
mod order;
mod payment;
mod refund;
mod schedule;
mod socket;
mod statement;
mod wallet;
mod webhook;

use domain::time::Timestamp;
use serde::Serialize;

pub use bulk::{BulkResult, bulk};
pub use connection::connection;
pub use dead_letter::{dead_letter, dead_letter_queues, redriven};
pub use dispute::{dispute, provider_event};
pub use event::event;
pub use extraction::extraction_settings;
pub use fee::fee_settings;
pub use file::{attached_file, file, file_with_download, file_with_upload};
pub use identity::{SignedUp, TokenAnswer, signed_up, tenant, user};
pub use job::{Shown, job, job_line};
pub use ledger::{account, account_at, entry};
pub use mail::{mail_settings, refused_address};
pub use order::order;
pub use payment::payment;
pub use refund::refund;
pub use schedule::schedule;
pub use socket::{closing, complaint, pushed, subscribed, unsubscribed};
pub use statement::{difference, statement};
pub use wallet::wallet;
pub use webhook::{
    ReplayOf, replay, webhook, webhook_delivery, webhook_endpoint, webhook_endpoint_disabled, webhook_test, with_secret,
};

/// Where the API lives, as its clients see it.
pub const BASE_PATH: &str = "/api/v1";

/// RFC 3339 in UTC with milliseconds.
pub fn rfc3339(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{moment:.3}")
}

/// An HTTP-date (RFC 9110, section 5.6.7).
pub fn http_date(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.as_ms()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The moment that an RFC 3339 text names.
pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|moment| Timestamp::from_ms(moment.as_millisecond()))
}

fn json<T: Serialize>(view: &T) -> String {
    // The views are structs of text, numbers and maps with text keys: there is nothing in them that JSON cannot hold.
    serde_json::to_string(view).expect("a view is always JSON")
}

/// The body of a list: `{"data": [...], "next_cursor": ...}` around items that are JSON already.
pub fn list(items: &[String], next_cursor: Option<&str>) -> String {
    let next_cursor = next_cursor.map_or_else(|| "null".to_owned(), |cursor| format!("\"{cursor}\""));
    format!(r#"{{"data":[{}],"next_cursor":{next_cursor}}}"#, items.join(","))
}

/// An object's JSON with one more member at its end; `null` where there is no value.
pub fn beside(object: &str, name: &str, value: Option<&str>) -> String {
    let members = object.strip_suffix('}').unwrap_or(object);
    format!(r#"{members},"{name}":{}}}"#, value.unwrap_or("null"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_back() {
        let at = Timestamp::from_ms(1_704_067_200_120);
        assert_eq!(rfc3339(at), "2024-01-01T00:00:00.120Z");
        assert_eq!(rfc3339(Timestamp::from_ms(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(parse_rfc3339(&rfc3339(at)), Some(at));
        assert_eq!(parse_rfc3339("yesterday"), None);
        // The example of RFC 9110.
        assert_eq!(http_date(Timestamp::from_ms(784_111_777_999)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_member_is_put_beside_the_others() {
        let order = beside(r#"{"order_id":"ord_1"}"#, "order", Some(r#"{"id":"ord_1"}"#));
        assert_eq!(order, r#"{"order_id":"ord_1","order":{"id":"ord_1"}}"#);
        assert_eq!(beside(r#"{"order_id":null}"#, "order", None), r#"{"order_id":null,"order":null}"#);
    }

    #[test]
    fn lists_are_json() {
        assert_eq!(list(&["{}".into(), "1".into()], Some("ord_1")), r#"{"data":[{},1],"next_cursor":"ord_1"}"#);
        assert_eq!(list(&[], None), r#"{"data":[],"next_cursor":null}"#);
    }
}
