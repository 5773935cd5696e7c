//! Items as the tables' streams show them, back as what they are.

use ports::stream::{Image, StreamChange};
use ports::{PortError, PortErrorKind};
use serde_dynamo::Item;

use super::record::{Kind, decode, kind_of};

/// A stream record's old and new image, as `aws_lambda_events` gives them: an empty one is none. `Corrupt` when one is no
/// item of ours, or of a kind that only a later version knows.
pub fn decode_change(old: Item, new: Item) -> Result<StreamChange, PortError> {
    Ok(StreamChange { old: decode_image(old)?, new: decode_image(new)? })
}

fn decode_image(item: Item) -> Result<Option<Image>, PortError> {
    if item.is_empty() {
        return Ok(None);
    }
    let kind =
        kind_of(&item).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "read the kind of a stream's item"))?;
    Ok(Some(match kind {
        Kind::Order => Image::Order(decode(item)?),
        Kind::Payment => Image::Payment(decode(item)?),
        Kind::Refund => Image::Refund(decode(item)?),
        Kind::Dispute => Image::Dispute(decode(item)?),
        Kind::Event => Image::Event(decode(item)?),
        Kind::Tenant => Image::Tenant(decode(item)?),
        Kind::User => Image::User(decode(item)?),
        Kind::Session => Image::Session(decode(item)?),
        Kind::Transaction => Image::Transaction(decode(item)?),
        Kind::Entry
        | Kind::Balance
        | Kind::Wallet
        | Kind::Block
        | Kind::Closing
        | Kind::WebhookEndpoint
        | Kind::Socket
        | Kind::FeedBlock
        | Kind::WebhookDelivery
        | Kind::Connections
        | Kind::File
        | Kind::Attachment
        | Kind::Job
        | Kind::WaitingJob
        | Kind::JobLine
        | Kind::Schedule
        | Kind::DeadLetter
        | Kind::Allowance
        | Kind::ExtractionSettings
        | Kind::Mail
        | Kind::MailCount
        | Kind::MailRefusal
        | Kind::MailSettings
        | Kind::Idempotency
        | Kind::Login
        | Kind::Limit
        | Kind::FeeSettings
        | Kind::Statement
        | Kind::StatementLines
        | Kind::Differences
        | Kind::Attempts => Image::Other,
    }))
}
