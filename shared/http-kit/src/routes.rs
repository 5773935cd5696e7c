//! Every route of the API on one screen: which function answers it, who may call, what body it takes, what the cache may
//! have. The functions take their row from here; the fallback and the tests read all of it.

use domain::access::Action;
use ports::cache::CacheKey;

use crate::payment::BULK_MAX;
use crate::{Access, Body, Request, Route, fields};

const fn public(function: &'static str, method: &'static str, path: &'static str, body: Body) -> Route {
    Route {
        function,
        method,
        path,
        access: Access::Public,
        body,
        cached: None,
        cost: None,
        retired: None,
        is_page: false,
    }
}

const fn granted(
    function: &'static str,
    method: &'static str,
    path: &'static str,
    action: Action,
    body: Body,
) -> Route {
    Route { access: Access::Granted(action), ..public(function, method, path, body) }
}

impl Route {
    const fn cached(self, key_of: fn(&Request) -> Option<CacheKey>) -> Self {
        Self { cached: Some(key_of), ..self }
    }

    const fn page(self) -> Self {
        Self { is_page: true, ..self }
    }

    const fn costing(self, cost_of: fn(&Request) -> u32) -> Self {
        Self { cost: Some(cost_of), ..self }
    }
}

pub const TENANTS_CREATE: Route = public("tenants-create", "POST", "/v1/tenants", Body::Json);
pub const TENANTS_GET: Route =
    granted("tenants-get", "GET", "/v1/tenants/me", Action::TenantRead, Body::None).cached(own_tenant);
pub const SESSIONS_CREATE: Route = public("sessions-create", "POST", "/v1/sessions", Body::Json);
pub const SESSIONS_REFRESH: Route = public("sessions-refresh", "POST", "/v1/sessions/refresh", Body::Json);
pub const SESSIONS_DELETE: Route =
    granted("sessions-delete", "DELETE", "/v1/sessions/{id}", Action::SessionEnd, Body::None);
pub const WELL_KNOWN_JWKS: Route = public("well-known-jwks", "GET", "/v1/.well-known/jwks.json", Body::None);
pub const WELL_KNOWN_METADATA: Route =
    public("well-known-metadata", "GET", "/v1/.well-known/oauth-authorization-server", Body::None);
pub const USERS_CREATE: Route = granted("users-create", "POST", "/v1/users", Action::UserWrite, Body::Json);
pub const USERS_LIST: Route = granted("users-list", "GET", "/v1/users", Action::UserRead, Body::None);
pub const USERS_GET: Route =
    granted("users-get", "GET", "/v1/users/{id}", Action::UserReadSelf, Body::None).cached(user);
pub const USERS_UPDATE: Route = granted("users-update", "PATCH", "/v1/users/{id}", Action::UserWriteSelf, Body::Json);
pub const USERS_DELETE: Route = granted("users-delete", "DELETE", "/v1/users/{id}", Action::UserWrite, Body::None);
pub const ORDERS_CREATE: Route = granted("orders-create", "POST", "/v1/orders", Action::OrderWrite, Body::Json);
pub const ORDERS_LIST: Route = granted("orders-list", "GET", "/v1/orders", Action::OrderRead, Body::None);
pub const ORDERS_GET: Route =
    granted("orders-get", "GET", "/v1/orders/{id}", Action::OrderRead, Body::None).cached(order);
pub const ORDERS_CANCEL: Route =
    granted("orders-cancel", "POST", "/v1/orders/{id}/cancel", Action::OrderWrite, Body::OptionalJson);
pub const ORDERS_FULFIL: Route =
    granted("orders-fulfil", "POST", "/v1/orders/{id}/fulfil", Action::OrderWrite, Body::OptionalJson);
pub const ORDERS_FILES: Route = granted("orders-files", "GET", "/v1/orders/{id}/files", Action::FileRead, Body::None);
pub const ORDERS_ATTACH: Route =
    granted("orders-attach", "PUT", "/v1/orders/{id}/files/{file_id}", Action::FileWrite, Body::OptionalJson);
pub const ORDERS_DETACH: Route =
    granted("orders-detach", "DELETE", "/v1/orders/{id}/files/{file_id}", Action::FileWrite, Body::None);
pub const PAYMENTS_CREATE: Route = granted("payments-create", "POST", "/v1/payments", Action::PaymentWrite, Body::Json);
pub const PAYMENTS_BULK: Route =
    granted("payments-bulk", "POST", "/v1/payments/bulk", Action::PaymentWrite, Body::Json).costing(payments_in_bulk);
pub const PAYMENTS_LIST: Route = granted("payments-list", "GET", "/v1/payments", Action::PaymentRead, Body::None);
pub const PAYMENTS_GET: Route =
    granted("payments-get", "GET", "/v1/payments/{id}", Action::PaymentRead, Body::None).cached(payment);
pub const PAYMENTS_RECEIPT: Route =
    granted("payments-receipt", "GET", "/v1/payments/{id}/receipt", Action::PaymentRead, Body::None);
pub const PAYMENTS_CAPTURE: Route =
    granted("payments-capture", "POST", "/v1/payments/{id}/capture", Action::PaymentWrite, Body::OptionalJson);
pub const PAYMENTS_CANCEL: Route =
    granted("payments-cancel", "POST", "/v1/payments/{id}/cancel", Action::PaymentWrite, Body::OptionalJson);
pub const REFUNDS_CREATE: Route =
    granted("refunds-create", "POST", "/v1/payments/{id}/refunds", Action::RefundWrite, Body::OptionalJson);
pub const REFUNDS_LIST: Route =
    granted("refunds-list", "GET", "/v1/payments/{id}/refunds", Action::RefundRead, Body::None);
pub const DISPUTES_LIST: Route = granted("disputes-list", "GET", "/v1/disputes", Action::DisputeRead, Body::None);
pub const DISPUTES_GET: Route = granted("disputes-get", "GET", "/v1/disputes/{id}", Action::DisputeRead, Body::None);
pub const DISPUTES_ANSWER: Route =
    granted("disputes-answer", "POST", "/v1/disputes/{id}/answer", Action::DisputeWrite, Body::Json);
pub const PROVIDERS_LIST: Route = granted("providers-list", "GET", "/v1/providers", Action::ProviderRead, Body::None);
pub const PROVIDERS_GET: Route =
    granted("providers-get", "GET", "/v1/providers/{name}", Action::ProviderRead, Body::None);
pub const PROVIDERS_CONNECT: Route =
    granted("providers-connect", "PUT", "/v1/providers/{name}", Action::ProviderWrite, Body::Json);
pub const PROVIDERS_DISCONNECT: Route =
    granted("providers-disconnect", "DELETE", "/v1/providers/{name}", Action::ProviderWrite, Body::None);
pub const PROVIDERS_INGEST: Route = public("providers-ingest", "POST", "/v1/providers/{name}/events", Body::Json);
pub const ACCOUNTS_LIST: Route = granted("accounts-list", "GET", "/v1/accounts", Action::AccountRead, Body::None);
pub const ACCOUNTS_GET: Route = granted("accounts-get", "GET", "/v1/accounts/{id}", Action::AccountRead, Body::None);
pub const ACCOUNTS_ENTRIES: Route =
    granted("accounts-entries", "GET", "/v1/accounts/{id}/entries", Action::AccountRead, Body::None);
pub const WALLETS_CREATE: Route = granted("wallets-create", "POST", "/v1/wallets", Action::WalletWrite, Body::Json);
pub const WALLETS_LIST: Route = granted("wallets-list", "GET", "/v1/wallets", Action::AccountRead, Body::None);
pub const WALLETS_GET: Route = granted("wallets-get", "GET", "/v1/wallets/{id}", Action::AccountRead, Body::None);
pub const STATEMENTS_CREATE: Route =
    granted("statements-create", "POST", "/v1/statements", Action::StatementWrite, Body::Json);
pub const STATEMENTS_LIST: Route =
    granted("statements-list", "GET", "/v1/statements", Action::StatementRead, Body::None);
pub const STATEMENTS_GET: Route =
    granted("statements-get", "GET", "/v1/statements/{id}", Action::StatementRead, Body::None);
pub const STATEMENTS_DIFFERENCES: Route =
    granted("statements-differences", "GET", "/v1/statements/{id}/differences", Action::StatementRead, Body::None);
pub const FEES_GET: Route = granted("fees-get", "GET", "/v1/settings/fees", Action::SettingRead, Body::None);
pub const EVENTS_LIST: Route = granted("events-list", "GET", "/v1/events", Action::EventRead, Body::None);
pub const EVENTS_GET: Route = granted("events-get", "GET", "/v1/events/{id}", Action::EventRead, Body::None);
pub const FILES_CREATE: Route = granted("files-create", "POST", "/v1/files", Action::FileWrite, Body::Json);
pub const FILES_LIST: Route = granted("files-list", "GET", "/v1/files", Action::FileRead, Body::None);
pub const FILES_GET: Route = granted("files-get", "GET", "/v1/files/{id}", Action::FileRead, Body::None);
pub const FILES_DELETE: Route = granted("files-delete", "DELETE", "/v1/files/{id}", Action::FileWrite, Body::None);
pub const REPORTS_CREATE: Route = granted("reports-create", "POST", "/v1/reports", Action::ReportWrite, Body::Json);
pub const EXTRACTIONS_CREATE: Route =
    granted("extractions-create", "POST", "/v1/extractions", Action::ExtractionWrite, Body::Json);
pub const EXTRACTION_SETTINGS_GET: Route =
    granted("extraction-settings-get", "GET", "/v1/settings/extractions", Action::SettingRead, Body::None);
pub const EXTRACTION_SETTINGS_UPDATE: Route =
    granted("extraction-settings-update", "PUT", "/v1/settings/extractions", Action::SettingWrite, Body::Json);
pub const JOBS_LIST: Route = granted("jobs-list", "GET", "/v1/jobs", Action::JobRead, Body::None);
pub const JOBS_GET: Route = granted("jobs-get", "GET", "/v1/jobs/{id}", Action::JobRead, Body::None);
pub const JOBS_CANCEL: Route =
    granted("jobs-cancel", "POST", "/v1/jobs/{id}/cancel", Action::JobWrite, Body::OptionalJson);
pub const JOBS_RETRY: Route =
    granted("jobs-retry", "POST", "/v1/jobs/{id}/retry", Action::JobWrite, Body::OptionalJson);
pub const JOBS_LINE: Route = granted("jobs-line", "GET", "/v1/jobs/queue", Action::JobRead, Body::None);
pub const JOBS_PAUSE: Route = granted("jobs-pause", "POST", "/v1/jobs/pause", Action::JobPause, Body::OptionalJson);
pub const JOBS_RESUME: Route = granted("jobs-resume", "POST", "/v1/jobs/resume", Action::JobPause, Body::OptionalJson);
pub const DEAD_LETTERS_LIST: Route =
    granted("dead-letters-list", "GET", "/v1/dead_letters", Action::DeadLetterRead, Body::None);
pub const DEAD_LETTERS_COUNT: Route =
    granted("dead-letters-count", "GET", "/v1/dead_letters/queues", Action::DeadLetterRead, Body::None);
pub const DEAD_LETTERS_DRAIN: Route =
    granted("dead-letters-drain", "POST", "/v1/dead_letters/redrive", Action::DeadLetterWrite, Body::Json);
pub const DEAD_LETTERS_GET: Route =
    granted("dead-letters-get", "GET", "/v1/dead_letters/{id}", Action::DeadLetterRead, Body::None);
pub const DEAD_LETTERS_REDRIVE: Route = granted(
    "dead-letters-redrive",
    "POST",
    "/v1/dead_letters/{id}/redrive",
    Action::DeadLetterWrite,
    Body::OptionalJson,
);
pub const SETTINGS_GET: Route = granted("settings-get", "GET", "/v1/settings/mail", Action::SettingRead, Body::None);
pub const SETTINGS_UPDATE: Route =
    granted("settings-update", "PUT", "/v1/settings/mail", Action::SettingWrite, Body::Json);
pub const SETTINGS_REFUSED: Route =
    granted("settings-refused", "GET", "/v1/settings/mail/refused", Action::SettingRead, Body::None);
pub const SETTINGS_ACCEPT: Route =
    granted("settings-accept", "DELETE", "/v1/settings/mail/refused/{id}", Action::SettingWrite, Body::None);
pub const SCHEDULES_CREATE: Route =
    granted("schedules-create", "POST", "/v1/schedules", Action::ReportWrite, Body::Json);
pub const SCHEDULES_LIST: Route = granted("schedules-list", "GET", "/v1/schedules", Action::JobRead, Body::None);
pub const SCHEDULES_GET: Route = granted("schedules-get", "GET", "/v1/schedules/{id}", Action::JobRead, Body::None);
pub const SCHEDULES_UPDATE: Route =
    granted("schedules-update", "PATCH", "/v1/schedules/{id}", Action::ReportWrite, Body::Json);
pub const SCHEDULES_DELETE: Route =
    granted("schedules-delete", "DELETE", "/v1/schedules/{id}", Action::ReportWrite, Body::None);
pub const WEBHOOK_ENDPOINTS_CREATE: Route =
    granted("webhook-endpoints-create", "POST", "/v1/webhook_endpoints", Action::WebhookWrite, Body::Json);
pub const WEBHOOK_ENDPOINTS_LIST: Route =
    granted("webhook-endpoints-list", "GET", "/v1/webhook_endpoints", Action::WebhookRead, Body::None);
pub const WEBHOOK_ENDPOINTS_GET: Route =
    granted("webhook-endpoints-get", "GET", "/v1/webhook_endpoints/{id}", Action::WebhookRead, Body::None);
pub const WEBHOOK_ENDPOINTS_UPDATE: Route =
    granted("webhook-endpoints-update", "PATCH", "/v1/webhook_endpoints/{id}", Action::WebhookWrite, Body::Json);
pub const WEBHOOK_ENDPOINTS_DELETE: Route =
    granted("webhook-endpoints-delete", "DELETE", "/v1/webhook_endpoints/{id}", Action::WebhookWrite, Body::None);
pub const WEBHOOK_ENDPOINTS_ROTATE: Route = granted(
    "webhook-endpoints-rotate",
    "POST",
    "/v1/webhook_endpoints/{id}/rotate_secret",
    Action::WebhookWrite,
    Body::OptionalJson,
);
pub const WEBHOOK_ENDPOINTS_TEST: Route = granted(
    "webhook-endpoints-test",
    "POST",
    "/v1/webhook_endpoints/{id}/test",
    Action::WebhookWrite,
    Body::OptionalJson,
);
pub const WEBHOOK_ENDPOINTS_DELIVERIES: Route = granted(
    "webhook-endpoints-deliveries",
    "GET",
    "/v1/webhook_endpoints/{id}/deliveries",
    Action::WebhookRead,
    Body::None,
);
pub const WEBHOOK_ENDPOINTS_REPLAY: Route =
    granted("webhook-endpoints-replay", "POST", "/v1/webhook_endpoints/{id}/replay", Action::WebhookWrite, Body::Json);
pub const UNSUBSCRIBE_SHOW: Route = public("unsubscribe-show", "GET", "/v1/unsubscribe", Body::None).page();
pub const UNSUBSCRIBE_CREATE: Route = public("unsubscribe-create", "POST", "/v1/unsubscribe", Body::None).page();
pub const HEALTH_LIVE: Route = public("health-live", "GET", "/v1/health/live", Body::None);
pub const HEALTH_READY: Route = public("health-ready", "GET", "/v1/health/ready", Body::None);

pub const ALL: &[Route] = &[
    TENANTS_CREATE,
    TENANTS_GET,
    SESSIONS_CREATE,
    SESSIONS_REFRESH,
    SESSIONS_DELETE,
    WELL_KNOWN_JWKS,
    WELL_KNOWN_METADATA,
    USERS_CREATE,
    USERS_LIST,
    USERS_GET,
    USERS_UPDATE,
    USERS_DELETE,
    ORDERS_CREATE,
    ORDERS_LIST,
    ORDERS_GET,
    ORDERS_CANCEL,
    ORDERS_FULFIL,
    ORDERS_FILES,
    ORDERS_ATTACH,
    ORDERS_DETACH,
    PAYMENTS_CREATE,
    PAYMENTS_BULK,
    PAYMENTS_LIST,
    PAYMENTS_GET,
    PAYMENTS_RECEIPT,
    PAYMENTS_CAPTURE,
    PAYMENTS_CANCEL,
    REFUNDS_CREATE,
    REFUNDS_LIST,
    DISPUTES_LIST,
    DISPUTES_GET,
    DISPUTES_ANSWER,
    PROVIDERS_LIST,
    PROVIDERS_GET,
    PROVIDERS_CONNECT,
    PROVIDERS_DISCONNECT,
    PROVIDERS_INGEST,
    ACCOUNTS_LIST,
    ACCOUNTS_GET,
    ACCOUNTS_ENTRIES,
    WALLETS_CREATE,
    WALLETS_LIST,
    WALLETS_GET,
    STATEMENTS_CREATE,
    STATEMENTS_LIST,
    STATEMENTS_GET,
    STATEMENTS_DIFFERENCES,
    FEES_GET,
    EVENTS_LIST,
    EVENTS_GET,
    FILES_CREATE,
    FILES_LIST,
    FILES_GET,
    FILES_DELETE,
    REPORTS_CREATE,
    EXTRACTIONS_CREATE,
    EXTRACTION_SETTINGS_GET,
    EXTRACTION_SETTINGS_UPDATE,
    JOBS_LIST,
    JOBS_GET,
    JOBS_CANCEL,
    JOBS_RETRY,
    JOBS_LINE,
    JOBS_PAUSE,
    JOBS_RESUME,
    DEAD_LETTERS_LIST,
    DEAD_LETTERS_COUNT,
    DEAD_LETTERS_DRAIN,
    DEAD_LETTERS_GET,
    DEAD_LETTERS_REDRIVE,
    SETTINGS_GET,
    SETTINGS_UPDATE,
    SETTINGS_REFUSED,
    SETTINGS_ACCEPT,
    SCHEDULES_CREATE,
    SCHEDULES_LIST,
    SCHEDULES_GET,
    SCHEDULES_UPDATE,
    SCHEDULES_DELETE,
    WEBHOOK_ENDPOINTS_CREATE,
    WEBHOOK_ENDPOINTS_LIST,
    WEBHOOK_ENDPOINTS_GET,
    WEBHOOK_ENDPOINTS_UPDATE,
    WEBHOOK_ENDPOINTS_DELETE,
    WEBHOOK_ENDPOINTS_ROTATE,
    WEBHOOK_ENDPOINTS_TEST,
    WEBHOOK_ENDPOINTS_DELIVERIES,
    WEBHOOK_ENDPOINTS_REPLAY,
    UNSUBSCRIBE_SHOW,
    UNSUBSCRIBE_CREATE,
    HEALTH_LIVE,
    HEALTH_READY,
];

fn own_tenant(_: &Request) -> Option<CacheKey> {
    Some(CacheKey::Tenant)
}

/// `me` is the caller, where the caller is a user.
fn user(request: &Request) -> Option<CacheKey> {
    request.user_id().ok().map(CacheKey::User)
}

fn order(request: &Request) -> Option<CacheKey> {
    request.path_id("id", "order").ok().map(CacheKey::Order)
}

fn payment(request: &Request) -> Option<CacheKey> {
    request.path_id("id", "payment").ok().map(CacheKey::Payment)
}

/// One for each payment. A body that is refused as a whole counts as one call.
fn payments_in_bulk(request: &Request) -> u32 {
    let count = fields::count(&request.body, "payments", BULK_MAX).unwrap_or(1);
    u32::try_from(count).unwrap_or(1)
}

/// The methods that a path takes, for `Allow`; none when there is no such path.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let literal = ALL.iter().any(|route| route.path == path);
    let fits = |route: &&Route| if literal { route.path == path } else { matches(route.path, path) };
    ALL.iter().filter(fits).map(|route| route.method).collect()
}

fn matches(template: &str, path: &str) -> bool {
    let mut given = path.split('/');
    let mut wanted = template.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_a_path() {
        assert_eq!(methods_of("/v1/orders"), ["POST", "GET"]);
        assert_eq!(methods_of("/v1/orders/ord_1/cancel"), ["POST"]);
        assert_eq!(methods_of("/v1/sessions/refresh"), ["POST"], "the literal path goes before the parameter");
        for unknown in ["/", "/v1", "/v1/orders/", "/v1/orders/a/b/c", "/v2/orders"] {
            assert!(methods_of(unknown).is_empty(), "{unknown}");
        }
    }

    #[test]
    fn no_route_is_there_twice() {
        for (index, route) in ALL.iter().enumerate() {
            let twin = ALL[..index].iter().find(|other| (other.method, other.path) == (route.method, route.path));
            assert!(twin.is_none(), "{} {} is there twice", route.method, route.path);
        }
    }
}
