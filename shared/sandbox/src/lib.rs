//! What the sandbox makes of what it is given: the book of its payment provider, with the port it is kept by, and its model. The
//! provider is a party of its own that Coffer talks to over HTTP; it shares Coffer's money and decline codes and no table.

mod book;
mod charge;
pub mod contract;
mod key;
mod memory;
pub mod model;
mod refund;

pub use book::{Book, Entered};
pub use charge::{Beginning, Charge, ChargeStatus, Step};
pub use key::Key;
pub use memory::MemoryBook;
pub use refund::{Refund, RefundRefusal, RefundStatus};
