//! The gateway: finds the route of a request, fills in its path parameters and calls the route's function.

use std::collections::BTreeMap;

use app::mail_settings::Stores as MailStores;
use app::sessions::{LoggingIn, Refreshing};
use app::tenants::SigningUp;
use http_kit::serve::Served;
use http_kit::{Gate, Request, Route, routes};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::tasks::run;
use crate::world::{ISSUER, World};

/// The template's `SignUpsPerAddress`.
pub const SIGN_UPS_PER_ADDRESS: u32 = 10;

impl World {
    /// A client's call, to its end.
    pub fn call(&self, ask: Ask) -> Answer {
        run(self.calling(ask))
    }

    /// A client's call that others may come between.
    pub async fn calling(&self, ask: Ask) -> Answer {
        let mut request = Request::from(ask);
        let Some((route, parameters)) = resolve(&request) else {
            return api_fallback::answer(&request).await.into();
        };
        request.path_parameters = parameters;
        self.answer(route, &request).await.into()
    }

    async fn answer(&self, route: &Route, request: &Request) -> Served {
        let store = self.store.as_ref();
        let (gate, mint, commerce) = (self.gate(), self.mint(), self.wiring.commerce.as_ref());
        let (platform, blobs) = (self.wiring.platform.as_ref(), self.wiring.blobs.as_ref());
        let (passwords, tokens) = (&self.passwords, &self.tokens);
        match route.function {
            "tenants-create" => {
                let stores =
                    SigningUp { tenants: store, attempts: store, passwords, per_address: SIGN_UPS_PER_ADDRESS };
                let deps = tenants_create::Deps { mint, stores };
                tenants_create::answer(deps, request).await
            }
            "tenants-get" => tenants_get::answer(tenants_get::Deps { gate, tenants: store }, request).await,
            "sessions-create" => {
                let stores = LoggingIn { users: store, sessions: store, attempts: store, passwords, tokens };
                sessions_create::answer(sessions_create::Deps { mint, stores }, request).await
            }
            "sessions-refresh" => {
                let stores = Refreshing { users: store, sessions: store, tokens };
                sessions_refresh::answer(sessions_refresh::Deps { mint, stores }, request).await
            }
            "sessions-delete" => {
                sessions_delete::answer(sessions_delete::Deps { gate, mint, sessions: store }, request).await
            }
            "well-known-jwks" => {
                well_known_jwks::answer(well_known_jwks::Deps { key: self.key.as_ref() }, request).await
            }
            "well-known-metadata" => {
                well_known_metadata::answer(well_known_metadata::Deps { issuer: ISSUER }, request).await
            }
            "users-create" => {
                let deps = users_create::Deps { gate, mint, users: store, passwords };
                users_create::answer(deps, request).await
            }
            "users-list" => users_list::answer(users_list::Deps { gate, users: store }, request).await,
            "users-get" => users_get::answer(users_get::Deps { gate, users: store }, request).await,
            "users-update" => {
                let deps = users_update::Deps { gate, mint, users: store, passwords, attempts: store };
                users_update::answer(deps, request).await
            }
            "users-delete" => users_delete::answer(users_delete::Deps { gate, mint, users: store }, request).await,
            "orders-create" => orders_create::answer(orders_create::Deps { gate, mint, commerce }, request).await,
            "orders-list" => orders_list::answer(orders_list::Deps { gate, orders: store }, request).await,
            "orders-get" => orders_get::answer(orders_get::Deps { gate, orders: store }, request).await,
            "orders-cancel" => {
                orders_cancel::answer(orders_cancel::Deps { gate, mint, commerce, orders: store }, request).await
            }
            "orders-fulfil" => {
                orders_fulfil::answer(orders_fulfil::Deps { gate, mint, commerce, orders: store }, request).await
            }
            "orders-files" => orders_files::answer(orders_files::Deps { gate, stores: self.attached() }, request).await,
            "orders-attach" => {
                let deps = orders_attach::Deps { gate, mint, platform, stores: self.attached() };
                orders_attach::answer(deps, request).await
            }
            "orders-detach" => {
                orders_detach::answer(orders_detach::Deps { gate, mint, platform, files: store }, request).await
            }
            "payments-create" => {
                let deps = payments_create::Deps { gate, mint, commerce };
                payments_create::answer(deps, request).await
            }
            "payments-bulk" => {
                let deps = payments_bulk::Deps { gate, mint, commerce };
                payments_bulk::answer(deps, request).await
            }
            "payments-list" => {
                payments_list::answer(payments_list::Deps { gate, payments: store, orders: store }, request).await
            }
            "payments-get" => {
                payments_get::answer(payments_get::Deps { gate, payments: store, orders: store }, request).await
            }
            "unsubscribe-show" => unsubscribe_show::answer(request).await,
            "unsubscribe-create" => {
                let deps = unsubscribe_create::Deps { mint, book: store, key: self.opt_out_key.as_ref() };
                unsubscribe_create::answer(deps, request).await
            }
            "settings-refused" => settings_refused::answer(settings_refused::Deps { gate, book: store }, request).await,
            "settings-accept" => settings_accept::answer(settings_accept::Deps { gate, book: store }, request).await,
            "settings-get" => settings_get::answer(settings_get::Deps { gate, book: store }, request).await,
            "settings-update" => {
                let stores = MailStores { book: store, files: store, blobs };
                let deps = settings_update::Deps { gate, mint, stores };
                settings_update::answer(deps, request).await
            }
            "payments-receipt" => {
                let deps = payments_receipt::Deps { gate, mint, payments: store, blobs };
                payments_receipt::answer(deps, request).await
            }
            "payments-capture" => {
                let deps = payments_capture::Deps { gate, mint, commerce, payments: store };
                payments_capture::answer(deps, request).await
            }
            "payments-cancel" => {
                let deps = payments_cancel::Deps { gate, mint, commerce, payments: store };
                payments_cancel::answer(deps, request).await
            }
            "refunds-create" => {
                let deps = refunds_create::Deps { gate, mint, commerce, payments: store };
                refunds_create::answer(deps, request).await
            }
            "refunds-list" => {
                refunds_list::answer(
                    refunds_list::Deps { gate, refunds: store, payments: store, orders: store },
                    request,
                )
                .await
            }
            "disputes-list" => disputes_list::answer(disputes_list::Deps { gate, disputes: store }, request).await,
            "disputes-get" => disputes_get::answer(disputes_get::Deps { gate, disputes: store }, request).await,
            "disputes-answer" => {
                let deps = disputes_answer::Deps { gate, mint, commerce, disputes: store };
                disputes_answer::answer(deps, request).await
            }
            "providers-ingest" => {
                let (providers, sandbox) = (self.providers(), &self.provider_events);
                let deps = providers_ingest::Deps { mint, commerce, providers, sandbox: Some(sandbox) };
                providers_ingest::answer(deps, request).await
            }
            "providers-list" => {
                providers_list::answer(providers_list::Deps { gate, connections: store }, request).await
            }
            "providers-get" => providers_get::answer(providers_get::Deps { gate, connections: store }, request).await,
            "providers-connect" => {
                let gate = Gate { cache: &self.outside(), ..gate };
                let deps = providers_connect::Deps { gate, mint, stores: self.connecting() };
                providers_connect::answer(deps, request).await
            }
            "providers-disconnect" => {
                let deps = providers_disconnect::Deps { gate, mint, commerce: store, connections: store };
                providers_disconnect::answer(deps, request).await
            }
            "accounts-list" => accounts_list::answer(accounts_list::Deps { gate, accounts: store }, request).await,
            "accounts-get" => {
                accounts_get::answer(accounts_get::Deps { gate, accounts: store, closings: store }, request).await
            }
            "accounts-entries" => {
                accounts_entries::answer(accounts_entries::Deps { gate, accounts: store }, request).await
            }
            "wallets-create" => wallets_create::answer(wallets_create::Deps { gate, mint, commerce }, request).await,
            "wallets-list" => wallets_list::answer(wallets_list::Deps { gate, wallets: store }, request).await,
            "wallets-get" => wallets_get::answer(wallets_get::Deps { gate, wallets: store }, request).await,
            "statements-create" => {
                statements_create::answer(statements_create::Deps { gate, mint, commerce }, request).await
            }
            "statements-list" => {
                statements_list::answer(statements_list::Deps { gate, statements: store }, request).await
            }
            "statements-get" => statements_get::answer(statements_get::Deps { gate, statements: store }, request).await,
            "statements-differences" => {
                statements_differences::answer(statements_differences::Deps { gate, statements: store }, request).await
            }
            "fees-get" => fees_get::answer(fees_get::Deps { gate, fees: store }, request).await,
            "events-list" => events_list::answer(events_list::Deps { gate, events: store }, request).await,
            "events-get" => events_get::answer(events_get::Deps { gate, events: store }, request).await,
            "files-create" => files_create::answer(files_create::Deps { gate, mint, platform, blobs }, request).await,
            "files-list" => files_list::answer(files_list::Deps { gate, files: store }, request).await,
            "files-get" => files_get::answer(files_get::Deps { gate, mint, files: store, blobs }, request).await,
            "files-delete" => {
                files_delete::answer(files_delete::Deps { gate, mint, platform, files: store }, request).await
            }
            "reports-create" => reports_create::answer(reports_create::Deps { gate, mint, platform }, request).await,
            "extractions-create" => {
                let deps = extractions_create::Deps { gate, mint, platform, files: store };
                extractions_create::answer(deps, request).await
            }
            "extraction-settings-get" => {
                let deps = extraction_settings_get::Deps { gate, mint, allowances: store };
                extraction_settings_get::answer(deps, request).await
            }
            "extraction-settings-update" => {
                let deps = extraction_settings_update::Deps { gate, mint, allowances: store };
                extraction_settings_update::answer(deps, request).await
            }
            "jobs-list" => jobs_list::answer(jobs_list::Deps { gate, jobs: store }, request).await,
            "jobs-get" => jobs_get::answer(jobs_get::Deps { gate, mint, jobs: store, blobs }, request).await,
            "jobs-cancel" => {
                jobs_cancel::answer(jobs_cancel::Deps { gate, mint, platform, jobs: store }, request).await
            }
            "jobs-retry" => jobs_retry::answer(jobs_retry::Deps { gate, mint, platform, jobs: store }, request).await,
            "jobs-line" => jobs_line::answer(jobs_line::Deps { gate, jobs: store }, request).await,
            "jobs-pause" => {
                let stores = app::jobs::Stores { platform, jobs: store };
                jobs_pause::answer(jobs_pause::Deps { gate, mint, stores }, request).await
            }
            "jobs-resume" => {
                let stores = app::jobs::Stores { platform, jobs: store };
                jobs_resume::answer(jobs_resume::Deps { gate, mint, stores }, request).await
            }
            "schedules-create" => {
                let deps = schedules_create::Deps { gate, mint, stores: self.schedule_stores() };
                schedules_create::answer(deps, request).await
            }
            "schedules-list" => schedules_list::answer(schedules_list::Deps { gate, schedules: store }, request).await,
            "schedules-get" => schedules_get::answer(schedules_get::Deps { gate, schedules: store }, request).await,
            "schedules-update" => {
                let deps = schedules_update::Deps { gate, mint, stores: self.schedule_stores() };
                schedules_update::answer(deps, request).await
            }
            "schedules-delete" => {
                let deps = schedules_delete::Deps { gate, mint, stores: self.schedule_stores() };
                schedules_delete::answer(deps, request).await
            }
            "dead-letters-list" => {
                dead_letters_list::answer(dead_letters_list::Deps { gate, letters: store }, request).await
            }
            "dead-letters-count" => {
                dead_letters_count::answer(dead_letters_count::Deps { gate, letters: store }, request).await
            }
            "dead-letters-get" => {
                dead_letters_get::answer(dead_letters_get::Deps { gate, letters: store }, request).await
            }
            "dead-letters-redrive" => {
                let (gate, stores) = (Gate { cache: &self.outside(), ..gate }, self.dead_letters());
                dead_letters_redrive::answer(dead_letters_redrive::Deps { gate, mint, stores }, request).await
            }
            "dead-letters-drain" => {
                let (gate, stores) = (Gate { cache: &self.outside(), ..gate }, self.dead_letters());
                dead_letters_drain::answer(dead_letters_drain::Deps { gate, mint, stores }, request).await
            }
            "health-live" => health_live::answer(health_live::Deps {}, request).await,
            "health-ready" => {
                let deps = health_ready::Deps { tenants: store, cache: self.wiring.cache.as_ref() };
                health_ready::answer(deps, request).await
            }
            name if name.starts_with("webhook-endpoints-") => self.answer_of_webhooks(route, request).await,
            unwired => panic!("{unwired} is not wired: give it an arm in shared/simulation/src/api.rs"),
        }
    }
}

/// A literal path goes before one with a parameter, as in the gateway.
fn resolve(request: &Request) -> Option<(&'static Route, BTreeMap<String, String>)> {
    let of_method = routes::ALL.iter().filter(|route| route.method == request.method);
    let fitting = of_method.filter_map(|route| Some((route, parameters(route.path, &request.path)?)));
    fitting.min_by_key(|(_, parameters)| parameters.len())
}

/// The values of a template's parameters in a path that fits it.
fn parameters(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    let mut parameters = BTreeMap::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(given)) => {
                let name = wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                match name {
                    Some(name) if !given.is_empty() => drop(parameters.insert(name.to_owned(), given.to_owned())),
                    None if wanted == given => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}
