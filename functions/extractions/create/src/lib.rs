//! POST /v1/extractions: asks for the fields of a document; a worker reads it.

use app::extractions;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::clock::Mint;
use ports::platform::{Files, Platform};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub platform: &'a dyn Platform,
    pub files: &'a dyn Files,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::EXTRACTIONS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let file = fields::parse(&call.request.body, |fields: &mut Fields<'_>| fields.required("file_id", values::id))?;
    let context = call.context(deps.mint);
    Ok(extractions::create(&context, deps.platform, deps.files, call.caller.tenant, claim, file).await?.into())
}
