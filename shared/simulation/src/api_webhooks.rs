//! The gateway's part for webhook endpoints.

use domain::webhook::Reach;
use http_kit::serve::Served;
use http_kit::{Gate, Request, Route};

use crate::world::World;

impl World {
    pub(crate) async fn answer_of_webhooks(&self, route: &Route, request: &Request) -> Served {
        let (store, gate, mint) = (self.store.as_ref(), self.gate(), self.mint());
        let looked_up = self.outside();
        let outside = Gate { cache: &looked_up, ..gate };
        match route.function {
            "webhook-endpoints-create" => {
                let (stores, secrets) = (self.webhook_stores(), self.webhook_secrets());
                let deps =
                    webhook_endpoints_create::Deps { gate: outside, mint, stores, secrets, reach: Reach::Public };
                webhook_endpoints_create::answer(deps, request).await
            }
            "webhook-endpoints-rotate" => {
                let (stores, secrets) = (self.webhook_stores(), self.webhook_secrets());
                let deps = webhook_endpoints_rotate::Deps { gate: outside, mint, stores, secrets };
                webhook_endpoints_rotate::answer(deps, request).await
            }
            "webhook-endpoints-list" => {
                webhook_endpoints_list::answer(webhook_endpoints_list::Deps { gate, endpoints: store }, request).await
            }
            "webhook-endpoints-get" => {
                webhook_endpoints_get::answer(webhook_endpoints_get::Deps { gate, endpoints: store }, request).await
            }
            "webhook-endpoints-update" => {
                let stores = self.webhook_stores();
                let deps = webhook_endpoints_update::Deps { gate, mint, stores, reach: Reach::Public };
                webhook_endpoints_update::answer(deps, request).await
            }
            "webhook-endpoints-delete" => {
                let deps = webhook_endpoints_delete::Deps { gate, mint, stores: self.webhook_stores() };
                webhook_endpoints_delete::answer(deps, request).await
            }
            "webhook-endpoints-test" => {
                let deps = webhook_endpoints_test::Deps { gate, mint, stores: self.webhook_stores() };
                webhook_endpoints_test::answer(deps, request).await
            }
            "webhook-endpoints-deliveries" => {
                let deps = webhook_endpoints_deliveries::Deps { gate, endpoints: store, deliveries: store };
                webhook_endpoints_deliveries::answer(deps, request).await
            }
            "webhook-endpoints-replay" => {
                let deps = webhook_endpoints_replay::Deps { gate, mint, stores: self.webhook_stores(), events: store };
                webhook_endpoints_replay::answer(deps, request).await
            }
            unwired => panic!("{unwired} is not wired: give it an arm in shared/simulation/src/api_webhooks.rs"),
        }
    }
}
