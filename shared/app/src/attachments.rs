//! The files of an order: attached, listed, detached. An order may be in any state: what belongs to it may come late.

use std::collections::{BTreeMap, BTreeSet};

use domain::attachment::Attachment;
use domain::event::EventType;
use domain::file::File;
use domain::idempotency::Answer;
use domain::ids::{AttachmentId, FileId, OrderId, TenantId};
use domain::page::{Page, PageRequest};
use ports::commerce::{Commit, Consistency, Orders};
use ports::platform::{Attachments, Files, Platform, PlatformChange};

use crate::commit::{self, TRIES};
use crate::revise::{Revising, Revision, revise};
use crate::{Context, Error, Outcome};

/// What is read of an order and its files.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    pub files: &'a dyn Files,
    pub attachments: &'a dyn Attachments,
    pub orders: &'a dyn Orders,
}

/// Doing it twice is doing it once: 201 the first time, 200 from then on, with the same body.
pub async fn attach(
    context: &Context<'_>,
    platform: &dyn Platform,
    on: Stores<'_>,
    tenant: TenantId,
    order: OrderId,
    id: FileId,
) -> Result<Outcome, Error> {
    for _ in 0..TRIES {
        let file = read(on.files, tenant, id).await?;
        if let Some(attachment) = file.attachment_to(order) {
            return Ok(Outcome::Done(answer(200, &file, &attachment)));
        }
        let taken = of_order(on, tenant, order).await?;
        let (file, attachment) = file.attach(context.id(), order, &taken).map_err(Error::Attachment)?;
        let answer = answer(201, &file, &attachment);
        let events = vec![context.event(tenant, EventType::FileAttached, id, answer.body.clone())];
        let changes = vec![PlatformChange::AttachFile { file, attachment }];
        let commit = Commit { tenant, record: None, changes, events, now: context.now() };
        match commit::answer(platform, commit, answer).await {
            // The file has changed, or another one has taken the slot.
            Err(Error::InFlight) => {}
            result => return result,
        }
    }
    Err(Error::InFlight)
}

/// The file stays.
pub async fn detach(
    context: &Context<'_>,
    platform: &dyn Platform,
    files: &dyn Files,
    tenant: TenantId,
    order: OrderId,
    id: FileId,
) -> Result<(), Error> {
    let read = async || read(files, tenant, id).await;
    revise(Revising { context, store: platform, tenant, claim: None }, read, |file, _| {
        let (file, gone) = file.detach(order).ok_or(Error::NotFound("file of the order"))?;
        let answer = answer(204, &file, &gone);
        Ok(Revision {
            change: PlatformChange::DetachFile { file, attachments: vec![gone] },
            event: EventType::FileDetached,
            subject: id.to_string(),
            answer,
            cached: None,
        })
    })
    .await?;
    Ok(())
}

/// Oldest first, with what each was attached by. A file that is deleted in this moment is left out.
pub async fn list(
    on: Stores<'_>,
    tenant: TenantId,
    order: OrderId,
    page: PageRequest<AttachmentId>,
) -> Result<Page<(File, Attachment), AttachmentId>, Error> {
    let PageRequest { limit, after } = page;
    let found = of_order(on, tenant, order).await?;
    let mut rest = found.into_iter().filter(|attachment| after.is_none_or(|after| attachment.id > after));
    let shown: Vec<Attachment> = rest.by_ref().take(limit.get()).collect();
    let next = shown.last().map(|attachment| attachment.id).filter(|_| rest.next().is_some());
    let ids: BTreeSet<FileId> = shown.iter().map(|attachment| attachment.file).collect();
    let files = on.files.get_many(tenant, &ids, Consistency::Strong).await?.into_iter().filter(File::is_listed);
    let files: BTreeMap<FileId, File> = files.map(|file| (file.id, file)).collect();
    let with_file = |attachment: Attachment| Some((files.get(&attachment.file)?.clone(), attachment));
    Ok(Page { items: shown.into_iter().filter_map(with_file).collect(), next })
}

async fn read(files: &dyn Files, tenant: TenantId, id: FileId) -> Result<File, Error> {
    let found = files.get(tenant, id, Consistency::Strong).await?;
    found.filter(File::is_listed).ok_or(Error::NotFound("file"))
}

/// Whether there is such an order is asked where nothing is attached to it.
async fn of_order(on: Stores<'_>, tenant: TenantId, order: OrderId) -> Result<Vec<Attachment>, Error> {
    let found = on.attachments.of_order(tenant, order).await?;
    if found.is_empty() {
        on.orders.get(tenant, order, Consistency::Strong).await?.ok_or(Error::NotFound("order"))?;
    }
    Ok(found)
}

fn answer(status: u16, file: &File, attachment: &Attachment) -> Answer {
    Answer { status, location: None, body: api::attached_file(file, attachment) }
}
