//! Where things lie in the platform table.

use domain::allowance::Month;
use domain::attachment::Slot;
use domain::dead_letter::{DeadLetter, DeadLetterStatus, Death};
use domain::event::Queue;
use domain::file::File;
use domain::ids::{DeadLetterId, FileId, JobId, OrderId, ScheduleId, TenantId, WebhookEndpointId};
use domain::job::{Job, JobStatus, Priority};
use domain::mail::{AddressHash, Day, MailId};
use domain::schedule::Schedule;
use domain::socket::SocketId;
use domain::time::Timestamp;
use ports::webhooks::DeliveryKey;

use super::{DueKind, Index, IndexKey, Key, Partition, due_moment};

impl Key {
    pub(crate) fn file(tenant: TenantId, id: FileId) -> Self {
        Partition::table(tenant, "FIL").at(id)
    }

    pub(crate) fn attachment(tenant: TenantId, order: OrderId, slot: Slot) -> Self {
        Partition::attachments(tenant, order).at(format_args!("{:02}", slot.number()))
    }

    pub(crate) fn job(tenant: TenantId, id: JobId) -> Self {
        Partition::jobs(tenant).at(id)
    }

    /// Before those that wait.
    pub(crate) fn job_line(tenant: TenantId) -> Self {
        Partition::job_line(tenant).at("#")
    }

    /// A job that waits: the most urgent first, then the oldest.
    pub(crate) fn waiting_job(job: &Job) -> Self {
        let rank = match job.priority {
            Priority::High => 1,
            Priority::Normal => 2,
            Priority::Low => 3,
        };
        Partition::job_line(job.tenant).at(format_args!("{rank}#{}", job.id))
    }

    pub(crate) fn schedule(tenant: TenantId, id: ScheduleId) -> Self {
        Partition::schedules(tenant).at(id)
    }

    pub(crate) fn dead_letter(tenant: TenantId, id: DeadLetterId) -> Self {
        Partition::dead_letters(tenant).at(id)
    }

    pub(crate) fn allowance(tenant: TenantId, month: Month) -> Self {
        Partition::table(tenant, "EXU").at(month)
    }

    pub(crate) fn extraction_settings(tenant: TenantId) -> Self {
        Partition::table(tenant, "SET").at("extractions")
    }

    pub(crate) fn mail(tenant: TenantId, MailId { event, address }: MailId) -> Self {
        Partition::table(tenant, "MAIL").at(format_args!("{event}#{address}"))
    }

    pub(crate) fn mail_count(tenant: TenantId, Day(day): Day) -> Self {
        Partition::table(tenant, "MAILS").at(day)
    }

    pub(crate) fn mail_refusal(tenant: TenantId, address: AddressHash) -> Self {
        Partition::mail_refusals(tenant).at(address)
    }

    pub(crate) fn mail_settings(tenant: TenantId) -> Self {
        Partition::table(tenant, "SET").at("mail")
    }

    pub(crate) fn endpoint(tenant: TenantId, id: WebhookEndpointId) -> Self {
        Partition::endpoints(tenant).at(id)
    }

    pub(crate) fn socket(tenant: TenantId, id: &SocketId) -> Self {
        Partition::sockets(tenant).at(id)
    }

    pub(crate) fn feed_block(tenant: TenantId, number: u64) -> Self {
        Partition::feed(tenant).at(Self::feed_number(number))
    }

    pub(crate) fn feed_number(number: u64) -> String {
        format!("{number:020}")
    }

    pub(crate) fn delivery(key: DeliveryKey) -> Self {
        let DeliveryKey { tenant, endpoint, event } = key;
        Partition::deliveries(tenant, endpoint).at(event)
    }
}

impl Partition {
    /// Without the deleted.
    pub(crate) fn files(tenant: TenantId) -> Self {
        Self::index(Index::Status, tenant, "FIL")
    }

    pub(crate) fn attachments(tenant: TenantId, order: OrderId) -> Self {
        Self::table(tenant, format_args!("ATT#{order}"))
    }

    pub(crate) fn jobs(tenant: TenantId) -> Self {
        Self::table(tenant, "JOB")
    }

    pub(crate) fn jobs_with_status(tenant: TenantId, status: JobStatus) -> Self {
        Self::index(Index::Status, tenant, format_args!("JOB#{}", status.as_str()))
    }

    pub(crate) fn job_line(tenant: TenantId) -> Self {
        Self::table(tenant, "LINE")
    }

    pub(crate) fn schedules(tenant: TenantId) -> Self {
        Self::table(tenant, "SCH")
    }

    pub(crate) fn dead_letters(tenant: TenantId) -> Self {
        Self::table(tenant, "DLT")
    }

    /// Those that wait.
    pub(crate) fn dead_letters_of(tenant: TenantId, queue: Queue) -> Self {
        Self::index(Index::Status, tenant, format_args!("DLT#{}", queue.as_str()))
    }

    pub(crate) fn endpoints(tenant: TenantId) -> Self {
        Self::table(tenant, "WHE")
    }

    pub(crate) fn mail_refusals(tenant: TenantId) -> Self {
        Self::table(tenant, "NOMAIL")
    }

    pub(crate) fn sockets(tenant: TenantId) -> Self {
        Self::table(tenant, "SOC")
    }

    pub(crate) fn feed(tenant: TenantId) -> Self {
        Self::table(tenant, "FEED")
    }

    pub(crate) fn deliveries(tenant: TenantId, endpoint: WebhookEndpointId) -> Self {
        Self::table(tenant, format_args!("WHD#{endpoint}"))
    }
}

impl IndexKey {
    pub(crate) fn file_listed(file: &File) -> Option<Self> {
        file.is_listed().then(|| Self::new(Index::Status, Partition::files(file.tenant), file.id))
    }

    pub(crate) fn file_due(file: &File) -> Option<Self> {
        file.check_at.map(|at| Self::due(DueKind::File, file.id.as_u128(), at, file.id))
    }

    pub(crate) fn job_status(job: &Job) -> Self {
        Self::new(Index::Status, Partition::jobs_with_status(job.tenant, job.status), job.id)
    }

    pub(crate) fn job_due(job: &Job) -> Option<Self> {
        job.check_at.map(|at| Self::due(DueKind::Job, job.id.as_u128(), at, job.id))
    }

    pub(crate) fn schedule_due(schedule: &Schedule) -> Option<Self> {
        schedule.check_at().map(|at| Self::due(DueKind::Schedule, schedule.id.as_u128(), at, schedule.id))
    }

    /// Where it is while it waits: among its queue's, and among those of all tenants.
    pub(crate) fn dead_letter_waiting(letter: &DeadLetter) -> Vec<Self> {
        let DeadLetter { id, tenant, queue, status, died_at, .. } = letter;
        match status {
            DeadLetterStatus::Waiting => vec![
                Self::new(Index::Status, Partition::dead_letters_of(*tenant, *queue), *id),
                Self::due(DueKind::DeadLetter, id.as_u128(), *died_at, *id),
            ],
            DeadLetterStatus::Redriven => Vec::new(),
        }
    }

    /// Both ids: the deliveries of one event to many endpoints are due at one moment.
    pub(crate) fn delivery_due(key: DeliveryKey, at: Timestamp) -> Self {
        let DeliveryKey { tenant: _, endpoint, event } = key;
        let bits = endpoint.as_u128() ^ event.as_u128();
        Self::due(DueKind::Delivery, bits, at, format_args!("{endpoint}#{event}"))
    }
}

pub(crate) fn parse_file(pk: &str, sk: &str) -> Option<(TenantId, FileId)> {
    Some((pk.strip_suffix("#FIL")?.parse().ok()?, sk.parse().ok()?))
}

pub(crate) fn parse_job(pk: &str, sk: &str) -> Option<(TenantId, JobId)> {
    Some((pk.strip_suffix("#JOB")?.parse().ok()?, sk.parse().ok()?))
}

pub(crate) fn parse_schedule(pk: &str, sk: &str) -> Option<(TenantId, ScheduleId)> {
    Some((pk.strip_suffix("#SCH")?.parse().ok()?, sk.parse().ok()?))
}

/// None for the line itself.
pub(crate) fn parse_waiting_job(sk: &str) -> Option<JobId> {
    sk.split_once('#').and_then(|(_, id)| id.parse().ok())
}

pub(crate) fn parse_dead_letter(pk: &str, sk: &str) -> Option<(TenantId, DeadLetterId)> {
    Some((pk.strip_suffix("#DLT")?.parse().ok()?, sk.parse().ok()?))
}

/// The first possible place in the due index behind a letter's: `$` follows `#`, ids have one length.
pub(crate) fn after_death(Death { at, id }: Death) -> String {
    format!("{}#{id}$", due_moment(at))
}

/// The place of a letter that waits, read back from its sort key in the due index.
pub(crate) fn parse_death(sk: &str) -> Option<Death> {
    let (moment, id) = sk.split_once('#')?;
    Some(Death { at: Timestamp::from_ms(moment.parse().ok()?), id: id.parse().ok()? })
}

pub(crate) fn parse_delivery(pk: &str, sk: &str) -> Option<DeliveryKey> {
    let (tenant, endpoint) = pk.split_once("#WHD#")?;
    Some(DeliveryKey { tenant: tenant.parse().ok()?, endpoint: endpoint.parse().ok()?, event: sk.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;
    use domain::ids::EventId;

    use super::*;

    #[test]
    fn due_deliveries_are_read_back_from_the_table_s_keys() {
        let (tenant, endpoint) = (TenantId::from_u128(1), WebhookEndpointId::from_u128(2));
        let key = DeliveryKey { tenant, endpoint, event: EventId::from_u128(3) };
        let Key { pk, sk } = Key::delivery(key);
        assert_eq!((parse_delivery(&pk, &sk), &pk), (Some(key), &format!("{tenant}#WHD#{endpoint}")));
    }

    #[test]
    fn a_letter_s_death_is_read_back_and_lies_before_what_follows_it() {
        let death = Death { at: Timestamp::from_ms(1_700), id: DeadLetterId::from_u128(31) };
        let [_, (_, AttributeValue::S(place))] =
            IndexKey::due(DueKind::DeadLetter, 31, death.at, death.id).into_attributes()
        else {
            panic!("an index is of texts")
        };
        assert_eq!(parse_death(&place), Some(death));
        let next = format!("{}#{}", due_moment(death.at), DeadLetterId::from_u128(32));
        assert!(place < after_death(death) && after_death(death) < next);
    }

    #[test]
    fn due_files_are_read_back_from_the_table_s_keys() {
        let (tenant, id) = (TenantId::from_u128(1), FileId::from_u128(2));
        let Key { pk, sk } = Key::file(tenant, id);
        assert_eq!((parse_file(&pk, &sk), &pk, &sk), (Some((tenant, id)), &format!("{tenant}#FIL"), &id.to_string()));
    }
}
