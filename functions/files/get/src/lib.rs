//! GET /v1/files/{id}: a file, with a link to its bytes once they are ready.

use app::files;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Query, Request, Response, routes};
use ports::blobs::Blobs;
use ports::clock::Mint;
use ports::platform::Files;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub files: &'a dyn Files,
    pub blobs: &'a dyn Blobs,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::FILES_GET, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "file")?;
    Query::new(call.request).finish()?;
    let context = call.context(deps.mint);
    let file = files::get(&context, deps.files, deps.blobs, call.caller.tenant, id).await?;
    Ok(Response::json(200, file))
}
