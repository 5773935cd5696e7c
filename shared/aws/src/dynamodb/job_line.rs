//! A tenant's line of jobs: one item with whether it is paused and which run, and one for each job that waits. They are written
//! with the jobs, in the same transaction, all changes of the one item by one update.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use domain::ids::TenantId;
use domain::job::{Job, Place};
use ports::platform::{LINE_SHOWN, Line};
use ports::{PortError, PortErrorKind};

use super::key::platform::parse_waiting_job;
use super::key::{Key, Partition, SORT};
use super::query::Bounds;
use super::record::{KIND, Kind};
use super::transact::built;
use super::{Attributes, PlatformTable, Table, number, text};
use crate::error::port_error;

const PAUSED: &str = "paused";
const RUNNING: &str = "running";

/// What a commit does to the line.
#[derive(Default)]
pub(super) struct LineChange {
    tenant: Option<TenantId>,
    paused: Option<bool>,
    running: Running,
}

/// What becomes of those that run: one update of the set either adds or deletes.
#[derive(Default)]
enum Running {
    #[default]
    Same,
    Begins {
        job: String,
        running_max: usize,
    },
    Leave(Vec<String>),
}

/// What a new job's state asks of the line.
pub(super) fn create(table: &Table, job: &Job) -> Result<Option<TransactWriteItem>, PortError> {
    match job.place() {
        Place::Waits => wait(table, job).map(Some),
        Place::Begins | Place::Runs | Place::Out => Ok(None),
    }
}

impl LineChange {
    pub(super) fn pause(&mut self, tenant: TenantId, paused: bool) {
        (self.tenant, self.paused) = (Some(tenant), Some(paused));
    }

    /// What a job's next state asks of the line beside the line's own item.
    pub(super) fn follow(&mut self, table: &Table, job: &Job) -> Result<Option<TransactWriteItem>, PortError> {
        self.tenant = Some(job.tenant);
        match job.place() {
            Place::Runs => Ok(None),
            Place::Begins => {
                self.begin(job)?;
                wait_no_longer(table, job).map(Some)
            }
            Place::Waits => {
                self.leave(job)?;
                wait(table, job).map(Some)
            }
            Place::Out => {
                self.leave(job)?;
                wait_no_longer(table, job).map(Some)
            }
        }
    }

    fn begin(&mut self, job: &Job) -> Result<(), PortError> {
        let Running::Same = self.running else { return Err(not_at_once()) };
        self.running = Running::Begins { job: job.id.to_string(), running_max: job.priority.running_max() };
        Ok(())
    }

    fn leave(&mut self, job: &Job) -> Result<(), PortError> {
        let job = job.id.to_string();
        match &mut self.running {
            Running::Same => self.running = Running::Leave(vec![job]),
            Running::Leave(jobs) => jobs.push(job),
            Running::Begins { .. } => return Err(not_at_once()),
        }
        Ok(())
    }

    /// The line's own item, where something of it changes.
    pub(super) fn update(self, table: &Table) -> Result<Option<Update>, PortError> {
        let Self { tenant, paused, running } = self;
        let is_changed = paused.is_some() || !matches!(running, Running::Same);
        let Some(tenant) = tenant.filter(|_| is_changed) else {
            return Ok(None);
        };
        let mut update = Update::builder()
            .table_name(&*table.name)
            .set_key(Some(Key::job_line(tenant).into_attributes()))
            .expression_attribute_names("#kind", KIND)
            .expression_attribute_values(":kind", text(Kind::JobLine.as_str()));
        let mut expression = "SET #kind = :kind".to_owned();
        if let Some(paused) = paused {
            expression.push_str(", #paused = :paused");
            update = update
                .expression_attribute_names("#paused", PAUSED)
                .expression_attribute_values(":paused", AttributeValue::Bool(paused));
        }
        match running {
            Running::Same => {}
            Running::Begins { job, running_max } => {
                expression.push_str(" ADD #running :jobs");
                update = update
                    .condition_expression(
                        "(attribute_not_exists(#paused) OR #paused = :no) AND \
                         (attribute_not_exists(#running) OR size(#running) < :max OR contains(#running, :job))",
                    )
                    .expression_attribute_names("#paused", PAUSED)
                    .expression_attribute_names("#running", RUNNING)
                    .expression_attribute_values(":no", AttributeValue::Bool(false))
                    .expression_attribute_values(":max", number(running_max))
                    .expression_attribute_values(":job", text(&job))
                    .expression_attribute_values(":jobs", AttributeValue::Ss(vec![job]));
            }
            Running::Leave(jobs) => {
                expression.push_str(" DELETE #running :jobs");
                update = update
                    .expression_attribute_names("#running", RUNNING)
                    .expression_attribute_values(":jobs", AttributeValue::Ss(jobs));
            }
        }
        built(update.update_expression(expression).build()).map(Some)
    }
}

fn not_at_once() -> PortError {
    PortError::new(PortErrorKind::Rejected, "change a line of jobs")
}

fn wait(table: &Table, job: &Job) -> Result<TransactWriteItem, PortError> {
    let mut item: Attributes = Key::waiting_job(job).into_attributes();
    item.insert(KIND.to_owned(), text(Kind::WaitingJob.as_str()));
    let put = built(Put::builder().table_name(&*table.name).set_item(Some(item)).build())?;
    Ok(TransactWriteItem::builder().put(put).build())
}

fn wait_no_longer(table: &Table, job: &Job) -> Result<TransactWriteItem, PortError> {
    let key = Key::waiting_job(job).into_attributes();
    let delete = built(Delete::builder().table_name(&*table.name).set_key(Some(key)).build())?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

impl PlatformTable {
    /// The line's own item comes before those that wait.
    pub(super) async fn job_line(&self, tenant: TenantId) -> Result<Line, PortError> {
        let limit = i32::try_from(LINE_SHOWN + 1).unwrap_or(i32::MAX);
        let query = self.platform.query(&Partition::job_line(tenant), Bounds::default()).consistent_read(true);
        let answer = query.limit(limit).send().await.map_err(|error| port_error("read a line of jobs", error))?;
        let mut line = Line::default();
        for item in answer.items.unwrap_or_default() {
            let place = item.get(SORT).and_then(|value| value.as_s().ok()).and_then(|sk| parse_waiting_job(sk));
            match place {
                Some(id) => line.waiting.push(id),
                None => {
                    line.paused = item.get(PAUSED).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false);
                    line.running = item.get(RUNNING).and_then(|value| value.as_ss().ok()).map_or(0, Vec::len);
                }
            }
        }
        line.waiting.truncate(LINE_SHOWN);
        Ok(line)
    }
}
