//! POST /v1/reports: asks for a report; a worker makes it.

use app::jobs;
use domain::task::{Report, Task};
use domain::time::Timestamp;
use http_kit::fields::{self, Fields};
use http_kit::serve::{Served, serve};
use http_kit::{Call, Gate, Problem, Request, Response, job, routes, values};
use ports::clock::Mint;
use ports::platform::Platform;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub gate: Gate<'a>,
    pub mint: Mint<'a>,
    pub platform: &'a dyn Platform,
}

pub async fn answer(deps: Deps<'_>, request: &Request) -> Served {
    serve(deps.gate, &routes::REPORTS_CREATE, request, async |call| handle(deps, call).await).await
}

async fn handle(deps: Deps<'_>, call: Call<'_>) -> Result<Response, Problem> {
    let claim = call.optional_claim()?;
    let context = call.context(deps.mint);
    let (report, plan) = fields::parse(&call.request.body, |fields| {
        let plan = job::plan(fields, context.now());
        let begins_at = plan.run_at.map_or(context.now(), |run_at| run_at.max(context.now()));
        Some((report(fields, begins_at)?, plan))
    })?;
    Ok(jobs::create(&context, deps.platform, call.caller.tenant, claim, Task::Report(report), plan).await?.into())
}

fn report(fields: &mut Fields<'_>, begins_at: Timestamp) -> Option<Report> {
    let kind = fields.required("kind", job::report_kind);
    let from = fields.required("from", |value| values::time(value)?.not_after(begins_at));
    let to = fields.required("to", values::time);
    let to = fields.check("to", to, |to| from.map_or(Ok(()), |from| Report::period(from, *to)));
    let format = fields.required("format", job::report_format);
    let currency = fields.optional("currency", values::currency);
    Some(Report { kind: kind?, from: from?, to: Report::end(to?, begins_at), format: format?, currency })
}
