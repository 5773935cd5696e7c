//! A demo tenant, signed up through the public API at the first `up`, and the first call to paste. Its password is made
//! here and kept in the instance's folder, readable by the owner only.

use crate::{http, instance::Instance};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::json;

const FILE: &str = "demo.json";
const EMAIL: &str = "demo@coffer.example";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PASSWORD_LENGTH: usize = 20;

#[derive(Serialize, Deserialize)]
pub struct Demo {
    email: String,
    password: String,
    is_signed_up: bool,
    #[serde(skip)]
    pub is_new: bool,
}

pub fn demo_tenant(instance: &Instance, port: u16) -> Result<Demo> {
    let api = format!("http://127.0.0.1:{port}/api/v1");
    let mut demo = match instance.read(FILE)? {
        Some(demo) => demo,
        None => new_demo()?,
    };
    if demo.is_signed_up || log_in(&api, &demo)? {
        demo.is_signed_up = true;
        instance.write(FILE, &demo)?;
        return Ok(demo);
    }
    // Written first: a password that the API knows and we do not would be of no use.
    instance.write(FILE, &demo)?;
    let owner = json!({ "name": "Demo Owner", "email": demo.email, "password": demo.password });
    let answer = http::post_json(&format!("{api}/tenants"), &json!({ "name": "Demo Shop", "owner": owner }))?;
    ensure!(answer.status == 201, "signing up the demo tenant answered {}: {}", answer.status, answer.text());
    demo.is_signed_up = true;
    demo.is_new = true;
    instance.write(FILE, &demo)?;
    Ok(demo)
}

/// After a loss of data: the login stays, whether it is known must be asked again.
pub fn forget(instance: &Instance) -> Result<()> {
    if let Some(demo) = instance.read::<Demo>(FILE)? {
        instance.write(FILE, &Demo { is_signed_up: false, ..demo })?;
    }
    Ok(())
}

fn log_in(api: &str, demo: &Demo) -> Result<bool> {
    let login = json!({ "email": demo.email, "password": demo.password });
    Ok(http::post_json(&format!("{api}/sessions"), &login)?.status == 201)
}

fn new_demo() -> Result<Demo> {
    let mut random = [0_u8; PASSWORD_LENGTH];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    let password = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect();
    Ok(Demo { email: EMAIL.to_owned(), password, is_signed_up: false, is_new: false })
}

/// What `up` prints: needs nothing but a shell, curl and sed.
pub fn first_call(demo: &Demo, port: u16) -> String {
    let Demo { email, password, .. } = demo;
    format!(
        r#"API         http://localhost:{port}/api/v1
Sockets     ws://localhost:{port}/realtime
Demo login  {email}  {password}

A first payment, to paste:

API=http://localhost:{port}/api/v1
TOKEN=$(curl -s $API/sessions -H 'Content-Type: application/json' \
  -d '{{"email":"{email}","password":"{password}"}}' |
  sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
PAYMENT=$(curl -s $API/payments -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -H "Idempotency-Key: first-$(date +%s)" \
  -d '{{"amount":1999,"currency":"EUR","method":{{"type":"card","token":"tok_success"}},"capture":"automatic"}}' |
  sed 's/.*"id": *"\(pay_[^"]*\)".*/\1/')
sleep 2
curl -s $API/payments/$PAYMENT -H "Authorization: Bearer $TOKEN"; echo
"#
    )
}
