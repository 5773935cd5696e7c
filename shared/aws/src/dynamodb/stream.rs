//! Items as the tables' streams show them, back as what they are.

use domain::event::Event;
use domain::identity::{Session, Tenant, User};
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use ports::{PortError, PortErrorKind};
use serde_dynamo::Item;

use super::record::{Kind, decode, kind_of};

/// What a consumer of a stream acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    Order(Box<Order>),
    Payment(Box<Payment>),
    Refund(Box<Refund>),
    Event(Box<Event>),
    Tenant(Box<Tenant>),
    User(Box<User>),
    Session(Box<Session>),
    /// The ledger's, idempotency's and login's items: nobody listens to those.
    Other,
}

/// Reads an image of a stream record (`new_image` or `old_image` of `aws_lambda_events`, which are empty where there is
/// none: do not ask then). `Corrupt` when it is no item of ours; a kind of a later version counts as corrupt too, so that
/// it is not lost unseen.
pub fn decode_image(image: Item) -> Result<StreamItem, PortError> {
    let kind = kind_of(&image).ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "read the kind of a stream's item"))?;
    Ok(match kind {
        Kind::Order => StreamItem::Order(Box::new(decode(image)?)),
        Kind::Payment => StreamItem::Payment(Box::new(decode(image)?)),
        Kind::Refund => StreamItem::Refund(Box::new(decode(image)?)),
        Kind::Event => StreamItem::Event(Box::new(decode(image)?)),
        Kind::Tenant => StreamItem::Tenant(Box::new(decode(image)?)),
        Kind::User => StreamItem::User(Box::new(decode(image)?)),
        Kind::Session => StreamItem::Session(Box::new(decode(image)?)),
        Kind::Transaction | Kind::Entry | Kind::Balance | Kind::Idempotency | Kind::Login | Kind::Attempts => {
            StreamItem::Other
        }
    })
}
