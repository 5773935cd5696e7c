//! Webhooks: who is told of which events, how what failed is tried again, and when nobody is told any more. An endpoint is
//! where a tenant wants its events sent; a delivery is one event on its way to one endpoint.

mod address;
mod delivery;
mod endpoint;
mod health;
mod schedule;
mod trace;
mod types;
mod url;

pub use address::{AddressRefusal, check_address};
pub use delivery::{Again, Attempt, Cause, Concluded, Delivery, DeliveryStatus, Outcome, ResponseText};
pub use endpoint::{
    DisabledReason, ENDPOINTS_MAX, Endpoint, EndpointChange, EndpointRefusal, EndpointStatus, NewEndpoint, NewSecret,
    RatePerSecond, SECRET_OVERLAP, Signature, SigningSecret,
};
pub use health::{FAILURES_UNTIL_OPEN, GIVEN_UP_AFTER, Health, PROBE_AGAIN_AFTER, Readiness, Replaying, Request};
pub use schedule::{ATTEMPTS_MAX, RETRY_AFTER_MAX, wait_after};
pub use trace::traceparent;
pub use types::TypeFilter;
pub use url::{Reach, Target, WebhookUrl};
