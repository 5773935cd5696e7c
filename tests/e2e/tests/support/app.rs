//! The stack under test, and how a test comes to it: beside others, or alone when it breaks something.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::{Answer, Aws, Party, Processes, Redis, Shop, User, password, unique_email};

/// Held shared by tests that need the stack whole, and alone by those that break it.
static TURN: RwLock<()> = RwLock::const_new(());

/// Longer than the edge waits for the API.
const CALL_WITHIN: Duration = Duration::from_secs(40);

pub struct TestApp {
    /// Whoever has no token.
    pub anyone: Party,
    turn: Option<Box<dyn Send>>,
}

impl TestApp {
    /// Beside other tests.
    pub async fn start() -> Self {
        Self { anyone: party(), turn: Some(Box::new(TURN.read().await)) }
    }

    /// While no other test runs.
    pub async fn start_alone() -> Self {
        Self { anyone: party(), turn: Some(Box::new(TURN.write().await)) }
    }

    /// Others may begin: from here on the test breaks nothing and minds nothing broken.
    pub fn let_others_in(&mut self) {
        self.turn = None;
    }

    /// A tenant of the test's own, its owner logged in.
    pub async fn sign_up(&self) -> Shop {
        let (email, password) = (unique_email(), password());
        let owner = json!({ "name": "Olive Owner", "email": email, "password": password });
        let made = self.anyone.post("/tenants").json(&json!({ "name": "Test Shop", "owner": owner })).await.ok(201);
        let owner = self.user(&made["user"], &password).await;
        Shop { tenant: text(&made["tenant"]["id"]), owner, app: self.another_address() }
    }

    /// A user that the API has shown, logged in.
    pub async fn user(&self, shown: &Value, password: &str) -> User {
        let email = text(&shown["email"]);
        let session = self.log_in(&email, password).await.ok(201);
        User {
            party: self.anyone.with_token(&text(&session["access_token"])),
            id: text(&shown["id"]),
            email,
            password: password.to_owned(),
            session: text(&session["session_id"]),
            refresh_token: text(&session["refresh_token"]),
        }
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.anyone.post("/sessions").json(&json!({ "email": email, "password": password })).await
    }

    /// The same stack from another network address; takes no turn of its own.
    pub fn another_address(&self) -> Self {
        Self { anyone: party(), turn: None }
    }

    pub fn aws(&self) -> Aws {
        Aws::new(setting("COFFER_AWS_ENDPOINT"), setting("COFFER_STACK"))
    }

    pub fn redis(&self) -> Redis {
        Redis::new(&setting("COFFER_REDIS_URL"))
    }

    pub fn processes(&self) -> Processes {
        Processes::new(PathBuf::from(setting("COFFER_STATE_DIR")), setting("COFFER_STACK"))
    }
}

pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test --only e2e`"))
}

/// A party at a network address of its own: password attempts are counted by address, and all tests share a machine.
fn party() -> Party {
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .local_address(own_address())
        .timeout(CALL_WITHIN)
        .build()
        .expect("an HTTP client");
    Party::new(client, format!("{}/api/v1", setting("COFFER_API").trim_end_matches('/')))
}

/// All of 127.0.0.0/8 is this machine's on Linux; elsewhere all tests share one address, and the log-ins of more than one
/// run in a quarter of an hour are too many.
fn own_address() -> Option<IpAddr> {
    let part = || fastrand::u8(1..=254);
    cfg!(target_os = "linux").then(|| Ipv4Addr::new(127, part(), part(), part()).into())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
