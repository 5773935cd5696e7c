//! POST /v1/extractions: asks for the fields of a document; a worker reads it.

use app::extractions::{self, Stores};
use http_kit::fields;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, job, routes, values};
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
    let context = call.context(deps.mint);
    let (file, plan) = fields::parse(&call.request.body, |fields| {
        let (plan, file) = (job::plan(fields, context.now()), fields.required("file_id", values::id));
        Some((file?, plan))
    })?;
    let stores = Stores { platform: deps.platform, files: deps.files };
    Ok(extractions::create(&context, stores, call.caller.tenant, claim, file, plan).await?.into())
}
