//! DELETE /v1/files/{id}: gone at once; a worker takes the bytes away.

use app::files;
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes};
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
    serve(deps.gate, &routes::FILES_DELETE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let id = call.request.path_id("id", "file")?;
    let context = call.context(deps.mint);
    files::delete(&context, deps.platform, deps.files, call.caller.tenant, id).await?;
    Ok(Response::no_content())
}
