//! What is spent on the model stays below the cap and nothing that is paid for is left out of it; what a document says is told to
//! whoever reads the job, and nowhere else (J7).

use domain::allowance::Spending;
use domain::job::{Job, JobFault, JobResult, JobStatus};
use domain::task::Task;

use super::{Books, Holds, Touched, ensure};
use crate::files::TOTAL;
use crate::world::{MODEL_TERMS, World};

pub(super) fn hold(world: &World, jobs: &[Job], books: &Books, touched: &Touched) -> Holds {
    let allowances = world.store.allowances();
    for (tenant, month, spent) in &allowances {
        ensure(spent.is_within(MODEL_TERMS.cap), || format!("{tenant} has spent {spent:?} in {month}"))?;
    }
    let counted = allowances.iter().fold(Spending::default(), |sum, (_, _, spent)| sum.plus(*spent));
    let paid = world.model.paid();
    let paid = paid.iter().map(|usage| MODEL_TERMS.spending(*usage)).fold(Spending::default(), Spending::plus);
    ensure(paid.is_within(counted), || format!("{paid:?} were paid and {counted:?} counted"))?;
    jobs.iter().try_for_each(|job| match job.task {
        Task::Extraction(_) => is_right(job),
        Task::Report(_) => Ok(()),
    })?;
    let mut new = touched.events.iter().filter_map(|id| books.events.get(id));
    let tells = new.find(|event| event.object.contains(SUPPLIER));
    ensure(tells.is_none(), || format!("what a document says is told by {tells:?}"))
}

const SUPPLIER: &str = "Green Tea Ltd.";

fn is_right(job: &Job) -> Holds {
    let broken = |what: &str| format!("the extraction {job:?} {what}");
    match (job.status, &job.result, job.fault) {
        (JobStatus::Succeeded, Some(JobResult::Invoice(invoice)), None) => {
            let is_so = (invoice.total, invoice.supplier.as_str()) == (TOTAL, SUPPLIER) && invoice.lines.len() == 3;
            ensure(is_so, || broken("tells what the document does not say"))
        }
        (JobStatus::Succeeded, _, _) => Err(broken("has come to nothing")),
        (JobStatus::Failed, None, Some(fault)) => {
            let is_told_why = !matches!(fault, JobFault::TooManyRows | JobFault::NoModel | JobFault::Unreadable);
            ensure(is_told_why, || broken("is said to have failed for what it is not"))
        }
        (JobStatus::Failed, _, _) => Err(broken("has failed for no reason")),
        (JobStatus::Scheduled | JobStatus::Queued | JobStatus::Running | JobStatus::Cancelled, result, _) => {
            ensure(result.is_none(), || broken("has a result before its end"))
        }
    }
}
