//! The tables' change streams, kept until a test takes them.

use domain::dispute::Dispute;
use domain::event::Event;
use domain::identity::{Session, Tenant, User};
use domain::ledger::Transaction;
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::Refund;
use ports::stream::{Image, StreamChange};

/// An entity that stream consumers look at.
pub(super) trait Streamed {
    fn image(self) -> Image;
}

macro_rules! streamed {
    ($($entity:ident),*) => {$(
        impl Streamed for $entity {
            fn image(self) -> Image {
                Image::$entity(self)
            }
        }
    )*};
}

streamed!(Order, Payment, Refund, Dispute, Event, Tenant, User, Session, Transaction);

#[derive(Debug, Default)]
pub(super) struct Stream(Vec<StreamChange>);

impl Stream {
    pub(super) fn push<T: Streamed>(&mut self, old: Option<T>, new: Option<T>) {
        self.0.push(StreamChange { old: old.map(T::image), new: new.map(T::image) });
    }

    /// A row that no consumer looks at: a ledger row, a record, a login, a counter.
    pub(super) fn push_other(&mut self) {
        self.0.push(StreamChange { old: None, new: Some(Image::Other) });
    }

    pub(super) fn take(&mut self) -> Vec<StreamChange> {
        std::mem::take(&mut self.0)
    }
}
