//! The Lambda side of every function: configuration, telemetry, and the loops that turn HTTP, queue, stream, schedule,
//! socket and authorizer events into calls of a handler. The only crate that names `lambda_*`.

mod authorizer;
pub mod config;
mod http;
mod keeper;
mod queue;
mod schedule;
mod socket;
mod stream;
mod task;
mod telemetry;

pub use authorizer::run_authorizer;
pub use http::run_http;
pub use keeper::run_keeper;
pub use lambda_runtime::Error;
pub use queue::{run_queue, run_queue_together};
pub use schedule::run_schedule;
pub use socket::{SocketEventType, run_socket, run_socket_authorizer};
pub use stream::{Decode, run_stream};
pub use task::{Counts, run_task};
pub use telemetry::start;
