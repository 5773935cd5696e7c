//! POST /v1/files: announces a file and answers with the link to upload it by.

use app::files;
use domain::file::NewFile;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, routes, values};
use ports::blobs::Blobs;
use ports::clock::Mint;
use ports::platform::Platform;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub platform: &'a dyn Platform,
    pub blobs: &'a dyn Blobs,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::FILES_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let file = fields::parse(&call.request.body, new_file)?;
    let context = call.context(deps.mint);
    Ok(files::create(&context, deps.platform, deps.blobs, call.caller.tenant, claim, file).await?.into())
}

fn new_file(fields: &mut Fields<'_>) -> Option<NewFile> {
    let name = fields.required("name", values::line);
    let content_type = fields.required("content_type", values::content_type);
    let size = fields.required("size", values::file_size);
    let checksum = fields.required("checksum_sha256", values::checksum);
    Some(NewFile { name: name?, content_type: content_type?, size: size?, checksum: checksum? })
}
