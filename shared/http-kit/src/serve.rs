//! The pipeline around every handler: media types and size, who calls and whether they may, one round trip to the cache for
//! limit, revocation and value, then the handler, then the headers every answer has.

use app::Context;
use app::expand::Path;
use domain::access::{Action, Caller};
use domain::idempotency::Claim;
use domain::identity::{ACCESS_TOKEN_LIFETIME, TOKEN_LEEWAY};
use domain::rate_limit::{LimitDecision, Quota, READS, WRITES};
use domain::time::Timestamp;
use ports::cache::{Admission, Cache, Lookup, RouteClass};
use ports::clock::{Clock, Mint};

use crate::{Access, Body, Code, Problem, Request, Response, Route, idempotency};

/// The largest body that any route takes.
pub const BODY_LEN_MAX: usize = 256 * 1024;

/// What stands before every route that is not public.
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    pub cache: &'a dyn Cache,
    pub clock: &'a dyn Clock,
}

/// Made here and nowhere else.
struct Admittance(());

/// A request that has been let in. Only [`serve`] makes one, so a handler that takes it cannot forget who may call.
pub struct Call<'a> {
    pub request: &'a Request,
    pub caller: &'a Caller,
    /// What the cache had under the route's key.
    pub found: Lookup,
    _admitted: Admittance,
}

impl Call<'_> {
    /// What a use case runs in on behalf of this call.
    pub fn context<'a>(&self, mint: Mint<'a>) -> Context<'a> {
        self.request.context(mint)
    }

    /// For routes where what is asked decides which right is needed.
    pub fn require(&self, action: Action) -> Result<(), Problem> {
        allow(self.caller, action)
    }

    /// What is shown beside an id takes the right to read it as well.
    pub fn require_all(&self, paths: &[Path]) -> Result<(), Problem> {
        paths.iter().flat_map(|path| path.actions()).try_for_each(|action| self.require(*action))
    }

    /// The claim of a route that creates or moves money.
    pub fn claim(&self) -> Result<Claim, Problem> {
        idempotency::required(self.request)
    }

    /// The claim of a route that takes a key but does not ask for one.
    pub fn optional_claim(&self) -> Result<Option<Claim>, Problem> {
        idempotency::claim(self.request)
    }
}

/// How the cache took part in an answer, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheUse {
    pub asked: bool,
    pub hit: bool,
    pub degraded: bool,
}

/// An answer and what the telemetry wants to know of how it came about.
#[derive(Debug)]
pub struct Served {
    pub response: Response,
    pub cache: CacheUse,
    pub problem: Option<Problem>,
}

pub async fn serve(
    gate: Gate<'_>,
    route: &Route,
    request: &Request,
    handler: impl AsyncFnOnce(Call<'_>) -> Result<Response, Problem>,
) -> Served {
    let mut cache = CacheUse::default();
    let mut limited = None;
    let result = admitted(gate, route, request, &mut cache, &mut limited, handler).await;
    let served = of_route(route, finished(request, result, cache));
    match limited {
        Some((class, decision)) => Served { response: with_limits(served.response, class, decision), ..served },
        None => served,
    }
}

/// For routes without a token.
pub async fn serve_public(
    route: &Route,
    request: &Request,
    handler: impl AsyncFnOnce(&Request) -> Result<Response, Problem>,
) -> Served {
    let result = match well_formed(route, request) {
        Ok(()) => handler(request).await,
        Err(problem) => Err(problem),
    };
    of_route(route, finished(request, result, CacheUse::default()))
}

/// A problem alone, with the headers every answer has.
pub fn refused(request: &Request, problem: Problem) -> Served {
    finished(request, Err(problem), CacheUse::default())
}

async fn admitted(
    gate: Gate<'_>,
    route: &Route,
    request: &Request,
    cache: &mut CacheUse,
    limited: &mut Option<(RouteClass, LimitDecision)>,
    handler: impl AsyncFnOnce(Call<'_>) -> Result<Response, Problem>,
) -> Result<Response, Problem> {
    let caller = request.caller.as_ref().ok_or_else(unauthenticated)?;
    let now = gate.clock.now();
    if token_is_over(caller, now) {
        return Err(unauthenticated());
    }
    let class = route.class();
    let fit = may_call(route, caller).and_then(|()| well_formed(route, request));
    // A call that will be refused takes no lease to fill an entry.
    let key = route.cached.filter(|_| fit.is_ok()).and_then(|key_of| key_of(request));
    let cost = route.cost.filter(|_| fit.is_ok()).map_or(1, |cost_of| cost_of(request));
    let admission = Admission { caller, class, quota: quota(class), cost, key, now };
    let admitted = gate.cache.admit(admission).await;
    *limited = Some((class, admitted.limit));
    *cache = CacheUse { asked: key.is_some(), hit: admitted.found.entry().is_some(), degraded: admitted.degraded };
    if admitted.revoked {
        return Err(Problem::new(Code::TokenRevoked, "The session has ended: log in again."));
    }
    if admitted.shut {
        return Err(Problem::new(Code::Unavailable, "Whether the session goes on cannot be told at the moment."));
    }
    if !admitted.limit.allowed {
        return Err(Problem::new(Code::RateLimited, "The caller's limit is used up; see RateLimit-Policy.")
            .retry_after(admitted.limit.retry_after));
    }
    fit?;
    handler(Call { request, caller, found: admitted.found, _admitted: Admittance(()) }).await
}

fn may_call(route: &Route, caller: &Caller) -> Result<(), Problem> {
    match route.access {
        Access::Granted(action) => allow(caller, action),
        Access::Public => Err(Problem::new(Code::Forbidden, "The route is public.")),
    }
}

/// The gateway keeps the authorizer's answer beyond the token's life, and revocations are remembered no longer than a token
/// lives: so the life is looked at here, at every call.
fn token_is_over(caller: &Caller, now: Timestamp) -> bool {
    let lives = ACCESS_TOKEN_LIFETIME + TOKEN_LEEWAY;
    now.as_seconds() >= caller.issued_at_seconds.saturating_add(i64::try_from(lives.as_secs()).unwrap_or(i64::MAX))
}

fn quota(class: RouteClass) -> Quota {
    match class {
        RouteClass::Read => READS,
        RouteClass::Write => WRITES,
    }
}

fn allow(caller: &Caller, action: Action) -> Result<(), Problem> {
    if caller.grant.allows(action) {
        return Ok(());
    }
    let detail = format!("It takes the role {} or the scope {}.", action.least_role().as_str(), action.scope());
    Err(Problem::new(Code::Forbidden, detail))
}

fn unauthenticated() -> Problem {
    Problem::new(Code::Unauthenticated, "Send an access token: Authorization: Bearer ...")
}

fn well_formed(route: &Route, request: &Request) -> Result<(), Problem> {
    let accepts_json = request.header("accept").is_none_or(accepts_json);
    if !accepts_json {
        return Err(Problem::new(Code::NotAcceptable, "Accept must allow application/json."));
    }
    if request.body.len() > BODY_LEN_MAX {
        return Err(Problem::new(Code::BodyTooLarge, format!("A body has at most {BODY_LEN_MAX} bytes.")));
    }
    let wants_json = match route.body {
        Body::None => false,
        Body::Json => true,
        Body::OptionalJson => !request.body.is_empty(),
    };
    if wants_json && !request.header("content-type").is_some_and(is_json) {
        return Err(Problem::new(Code::UnsupportedMediaType, "Send Content-Type: application/json."));
    }
    Ok(())
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(content_type: &str) -> bool {
    essence(content_type) == "application/json"
}

fn accepts_json(accept: &str) -> bool {
    let takes = ["*/*", "application/*", "application/json", "application/problem+json"];
    accept.split(',').any(|range| takes.contains(&essence(range).as_str()))
}

fn finished(request: &Request, result: Result<Response, Problem>, cache: CacheUse) -> Served {
    let (response, problem) = match result {
        Ok(response) => (response.unless_known(request), None),
        Err(problem) => (Response::problem(&problem, &request.request_id), Some(problem)),
    };
    Served { response: response.finished(&request.request_id), cache, problem }
}

/// Every answer of a retired route says so, refusals as well.
fn of_route(route: &Route, served: Served) -> Served {
    match route.retired {
        Some(retirement) => Served { response: served.response.retired(retirement), ..served },
        None => served,
    }
}

/// draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it.
fn with_limits(response: Response, class: RouteClass, decision: LimitDecision) -> Response {
    let Quota { per_minute, burst } = quota(class);
    let name = class.as_str();
    let reset = decision.reset_after.as_millis().div_ceil(1_000);
    response
        .with_header("ratelimit-policy", format!("\"{name}\";q={per_minute};w=60;burst={burst}"))
        .with_header("ratelimit", format!("\"{name}\";r={};t={reset}", decision.remaining))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for good in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/plain", "application/jsonp", "application/x-www-form-urlencoded"] {
            assert!(!is_json(bad), "{bad}");
        }
        for good in ["*/*", "text/html, application/json;q=0.9", "application/*"] {
            assert!(accepts_json(good), "{good}");
        }
        assert!(!accepts_json("text/html, image/png"));
    }
}
