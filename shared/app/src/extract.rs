//! The fields of a document, by a model. What the call may cost is reserved in the commit before it and settled in the one that
//! ends it. A worker that is lost in between has reserved in vain: that counts as spent, and the call may be made once more.
//! Nothing of document or answer is in a log, an error or an event.

use domain::allowance::{ExtractionSettings, ModelTerms, Month, Spending, Usage};
use domain::file::{File, FileStatus};
use domain::invoice::{Claim, ClaimedLine, Disbelief, Invoice};
use domain::job::{Job, JobFault, JobResult};
use domain::task::Extraction;
use ports::blobs::BlobKey;
use ports::commerce::Consistency;
use ports::extraction::{Allowances, Answer, AnswerText, Document, Extractor, ExtractorError};
use ports::platform::{Files, PlatformChange};
use serde::Deserialize;

use crate::Context;
use crate::run_job::{Held, Running, Saved, Stop, save, save_with};
use crate::work::WorkError;

/// Where a document has been read to when the model is asked.
const ASKED: u8 = 10;

#[derive(Clone, Copy)]
pub struct Extracting<'a> {
    /// None: there is no model in this environment.
    pub extractor: Option<&'a dyn Extractor>,
    pub files: &'a dyn Files,
    pub allowances: &'a dyn Allowances,
    pub terms: ModelTerms,
}

/// What is set aside for the call.
struct Reserved {
    month: Month,
    spending: Spending,
}

pub(crate) async fn extract(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    extraction: Extraction,
) -> Result<(), Stop> {
    let Some(extractor) = on.extracting.extractor else {
        return fail(context, on, held, JobFault::NoModel).await;
    };
    let Some(document) = document(on, held, extraction).await? else {
        return fail(context, on, held, JobFault::FileGone).await;
    };
    let Some(reserved) = reserve(context, on, held, &document).await? else {
        return fail(context, on, held, JobFault::BudgetExhausted).await;
    };
    match extractor.extract(&document).await {
        Ok(answer) => conclude(context, on, held, reserved, answer).await,
        Err(ExtractorError::Refused) => {
            let fail = |job: &Job| job.fail(JobFault::DocumentRefused, context.now());
            give_back(context, on, held, &reserved, fail).await
        }
        // The message is done: it may be another job's, which is not to wait for the model.
        Err(ExtractorError::Busy(error)) => {
            tracing::warn!(error = %error, job_id = %held.job.id, "the model was busy");
            let hold_back = |job: &Job| job.hold_back("the model was busy", context.now());
            give_back(context, on, held, &reserved, hold_back).await
        }
        // It may be paid for: what was reserved stays spent.
        Err(error @ ExtractorError::NoAnswer(_)) => {
            Err(WorkError::Retry { reason: "the model did not answer", source: Some(Box::new(error)) }.into())
        }
        Err(error @ ExtractorError::Rejected(_)) => {
            let fail = |job: &Job| job.fail(JobFault::NoModel, context.now());
            match give_back(context, on, held, &reserved, fail).await {
                Err(Stop::Done) => Err(Stop::Ended(WorkError::Poison(error.to_string()))),
                result => result,
            }
        }
    }
}

async fn fail(context: &Context<'_>, on: Running<'_>, held: &mut Held, fault: JobFault) -> Result<(), Stop> {
    save(context, on, held, |job| job.fail(fault, context.now())).await
}

async fn document(on: Running<'_>, held: &Held, extraction: Extraction) -> Result<Option<Document>, WorkError> {
    let (tenant, id) = (held.job.tenant, extraction.file);
    let file = on.extracting.files.get(tenant, id, Consistency::Strong).await?;
    let Some(File { content_type, size, .. }) = file.filter(|file| file.status == FileStatus::Ready) else {
        return Ok(None);
    };
    let bytes = on.blobs.beginning(BlobKey::file(tenant, id), size.bytes()).await?;
    Ok(bytes.map(|bytes| Document { content_type, bytes }))
}

/// None: it may cost more than is left.
async fn reserve(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    document: &Document,
) -> Result<Option<Reserved>, Stop> {
    let Extracting { allowances, terms, .. } = on.extracting;
    let tenant = held.job.tenant;
    let settings: ExtractionSettings = allowances.settings(tenant, Consistency::Strong).await?.unwrap_or_default();
    let month = Month::of(context.now());
    let spending = terms.spending_at_most(document.content_type, document.bytes.len() as u64);
    let reserve = PlatformChange::Reserve { tenant, month, spending, cap: settings.cap(&terms) };
    let begin = |job: &Job| job.advance(ASKED, None, context.now());
    match save_with(context, on, held, Some(&reserve), begin).await? {
        Saved::Done => Ok(Some(Reserved { month, spending })),
        Saved::Exhausted => Ok(None),
    }
}

fn settle(held: &Held, reserved: &Reserved, spent: Spending) -> PlatformChange {
    let Reserved { month, spending } = *reserved;
    PlatformChange::Settle { tenant: held.job.tenant, month, reserved: spending, spent }
}

/// Nothing of what was reserved is spent.
async fn give_back(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    reserved: &Reserved,
    change: impl Fn(&Job) -> Job,
) -> Result<(), Stop> {
    let settled = settle(held, reserved, Spending::default());
    save_with(context, on, held, Some(&settled), change).await.map(drop)
}

async fn conclude(
    context: &Context<'_>,
    on: Running<'_>,
    held: &mut Held,
    reserved: Reserved,
    answer: Answer,
) -> Result<(), Stop> {
    let Answer { text, usage } = answer;
    let settled = settle(held, &reserved, on.extracting.terms.spending(usage));
    let Usage { input_tokens, output_tokens } = usage;
    let count = format!("the model has read {input_tokens} tokens and written {output_tokens}");
    let believed =
        text.ok_or(Disbelief::Unfinished).and_then(|text| read(&text)).and_then(|claim| Invoice::believe(&claim));
    let end = |job: &Job| {
        let now = context.now();
        let job = job.clone().noted(now, count.clone());
        match &believed {
            Ok(invoice) => job.succeed(JobResult::Invoice(invoice.clone()), now),
            Err(why) => job.noted(now, why.as_str().to_owned()).fail(JobFault::AnswerRefused, now),
        }
    };
    save_with(context, on, held, Some(&settled), end).await.map(drop)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimFields {
    supplier: String,
    date: String,
    currency: String,
    lines: Vec<LineFields>,
    total_amount: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineFields {
    description: String,
    quantity: String,
    unit_amount: String,
    amount: String,
}

/// What the parser has to say is not passed on: it quotes.
fn read(AnswerText(text): &AnswerText) -> Result<Claim, Disbelief> {
    let fields: ClaimFields = serde_json::from_str(text).map_err(|_| Disbelief::NotOfTheSchema)?;
    let ClaimFields { supplier, date, currency, lines, total_amount } = fields;
    let line = |LineFields { description, quantity, unit_amount, amount }| ClaimedLine {
        description,
        quantity,
        unit_amount,
        amount,
    };
    Ok(Claim { supplier, date, currency, lines: lines.into_iter().map(line).collect(), total_amount })
}
