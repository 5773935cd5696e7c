//! PUT /v1/settings/mail: says how the tenant's mail goes out.

use std::collections::BTreeSet;

use app::mail_settings::{self, NewMailSettings, Stores};
use domain::field::Invalid;
use domain::mail::MailKind;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use serde_json::Value;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub stores: Stores<'a>,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::SETTINGS_UPDATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let input = fields::parse(&call.request.body, settings)?;
    let input = NewMailSettings { expected_version: call.request.if_match()?, ..input };
    let context = call.context(deps.mint);
    Ok(Response::resource(mail_settings::put(&context, deps.stores, call.caller.tenant, input).await?))
}

fn settings(fields: &mut Fields<'_>) -> Option<NewMailSettings> {
    let from_name = fields.optional("from_name", values::line);
    let reply_to = fields.optional("reply_to", values::mailable_email);
    let off = fields.optional("off", kinds).unwrap_or_default();
    let logo = fields.optional("logo_file_id", values::id);
    Some(NewMailSettings { from_name, reply_to, off, logo, expected_version: None })
}

fn kinds(value: &Value) -> Result<BTreeSet<MailKind>, Invalid> {
    let array = value.as_array().ok_or_else(|| Invalid::new("invalid_type", "must be an array"))?;
    array.iter().map(|value| MailKind::parse(values::text(value)?).ok_or_else(unknown)).collect()
}

fn unknown() -> Invalid {
    let names = MailKind::ALL.map(MailKind::as_str).join(", ");
    Invalid::new("unknown_value", format!("must be of {names}"))
}
