//! What a function says of its route. The pipeline, the template's tests and the authorisation tests read it.

use domain::access::Action;
use domain::time::Timestamp;
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
    pub retired: Option<Retirement>,
    /// It answers people's browsers and mail programs, whatever they say that they accept.
    pub is_page: bool,
}

/// A route that is on its way out. Its answers say so; it answers until it is removed, which is a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retirement {
    /// From when on nobody should begin to use it: `Deprecation` (RFC 9745).
    pub deprecated_at: Timestamp,
    /// When it is expected to be gone: `Sunset` (RFC 8594).
    pub sunset_at: Timestamp,
    /// A page for people: why, and what to use instead.
    pub page: &'static str,
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
    /// The sunset comes after the deprecation (RFC 9745, section 4), or the route does not compile.
    #[must_use]
    pub const fn retired(self, retirement: Retirement) -> Self {
        assert!(retirement.deprecated_at.as_ms() <= retirement.sunset_at.as_ms(), "a sunset before its deprecation");
        Self { retired: Some(retirement), ..self }
    }

    pub fn class(&self) -> RouteClass {
        if self.method == "GET" { RouteClass::Read } else { RouteClass::Write }
    }
}
