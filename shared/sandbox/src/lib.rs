//! The book of the sandbox payment provider: what it keeps of charges and refunds, and the port it keeps them by. The
//! provider is a party of its own that Coffer talks to over HTTP; it shares Coffer's money and decline codes and no table.

mod book;
mod charge;
pub mod contract;
mod key;
mod memory;
mod refund;

pub use book::{Book, Entered};
pub use charge::{Beginning, Charge, ChargeStatus, Step};
pub use key::Key;
pub use memory::MemoryBook;
pub use refund::{Refund, RefundRefusal, RefundStatus};
