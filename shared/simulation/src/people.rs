//! Who calls. A `Shop` has signed up and its people have logged in, all through the API; a bare `caller` is what the
//! authorizer would say of somebody, for tests that need no user.

use domain::access::{Caller, Grant, Role};
use domain::ids::{SessionId, TenantId, UserId};
use ports::clock::Clock as _;
use serde_json::json;

use crate::ask::Ask;
use crate::world::World;

pub const PASSWORD: &str = "quince-kettle-41-harbour";

/// A user of the tenant whose token was issued just now.
pub fn caller(world: &World, tenant: TenantId, role: Role) -> Caller {
    Caller {
        tenant,
        subject: world.id::<UserId>().to_string(),
        session: Some(world.id::<SessionId>()),
        grant: Grant::Role(role),
        issued_at_seconds: world.clock.now().as_seconds(),
    }
}

/// A tenant with its owner.
#[derive(Debug, Clone)]
pub struct Shop {
    pub tenant: String,
    pub owner: LoggedIn,
}

#[derive(Debug, Clone)]
pub struct LoggedIn {
    pub user: String,
    pub email: String,
    pub session: String,
    pub access_token: String,
    pub refresh_token: String,
    pub caller: Caller,
}

impl World {
    /// `name` tells shops apart: no two owners have the same address.
    pub fn sign_up(&self, name: &str) -> Shop {
        let email = format!("owner@{name}.example");
        let owner = json!({ "name": "Olive Owner", "email": email, "password": PASSWORD });
        let made = self.call(Ask::post("/v1/tenants", &json!({ "name": name, "owner": owner }))).ok(201);
        Shop { tenant: made.text("/tenant/id"), owner: self.log_in(&email) }
    }

    pub fn log_in(&self, email: &str) -> LoggedIn {
        let body = json!({ "email": email, "password": PASSWORD });
        let tokens = self.call(Ask::post("/v1/sessions", &body)).ok(201);
        let access_token = tokens.text("/access_token");
        let caller = self.authorize(&access_token).expect("a token that was issued just now");
        LoggedIn {
            user: caller.subject.clone(),
            email: email.to_owned(),
            session: tokens.text("/session_id"),
            refresh_token: tokens.text("/refresh_token"),
            access_token,
            caller,
        }
    }
}

impl Shop {
    /// One more user, logged in.
    pub fn add(&self, world: &World, role: Role) -> LoggedIn {
        let host = self.owner.email.split('@').next_back().unwrap_or_default();
        let email = format!("{}-{}@{host}", role.as_str(), world.id::<UserId>());
        let body = json!({ "email": email, "name": "Uma User", "role": role.as_str(), "password": PASSWORD });
        world.call(Ask::post("/v1/users", &body).by(&self.owner.caller)).ok(201);
        world.log_in(&email)
    }
}
