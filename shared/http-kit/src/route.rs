//! What a function says of its route. The pipeline, the template's tests and the authorisation tests read it.

use domain::access::Action;
use ports::cache::{CacheKey, RouteClass};

use crate::Request;

#[derive(Clone, Copy)]
pub struct Route {
    /// The package, binary and template name.
    pub function: &'static str,
    pub method: &'static str,
    /// As the template has it: `/v1/orders/{id}`.
    pub path: &'static str,
    pub access: Access,
    pub body: Body,
    /// The cache entry that the admission is to bring along.
    pub cached: Option<fn(&Request) -> Option<CacheKey>>,
    /// How many calls a request counts for, where it is not one.
    pub cost: Option<fn(&Request) -> u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// No token: the gateway's throttle and what the handler counts itself are the limits.
    Public,
    Granted(Action),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    None,
    Json,
    /// May be left out altogether.
    OptionalJson,
}

impl Route {
    pub fn class(&self) -> RouteClass {
        if self.method == "GET" { RouteClass::Read } else { RouteClass::Write }
    }
}
