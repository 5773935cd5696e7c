//! Clients with files: announced, uploaded as announced or otherwise or never, deleted; and a bucket that tells of uploads
//! late, twice or not at all.

use domain::file::{File, FileStatus};

use super::intents::{Clients, What};
use super::run::{Doing, Ended, Run};
use crate::answer::Answer;
use crate::ask::Ask;
use crate::files::{FILES, READ, file_body};
use crate::invariants::{Holds, ensure};

impl Run {
    pub(super) fn do_something_with_a_file(&mut self) {
        match self.random.u8(..20) {
            0..7 => self.announce_a_file(),
            7..18 => self.upload_a_file(),
            _ => self.delete_a_file(),
        }
    }

    fn announce_a_file(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let (name, ..) = match self.random.u8(..4) {
            0..2 => FILES[self.random.usize(..FILES.len())],
            2 => READ[0],
            _ => READ[self.random.usize(..READ.len())],
        };
        self.ask_for(who, What::File, Ask::post("/v1/files", &file_body(name)));
    }

    /// One of the last, perhaps once more, perhaps when it is deleted.
    fn upload_a_file(&mut self) {
        let is_any = self.random.u8(..4) == 0;
        let files = self.world.store.files();
        let waits = |made: &&Answer| {
            files.iter().any(|file| file.id.to_string() == made.id() && file.status == FileStatus::Pending)
        };
        let young = self.clients.files.iter().rev().filter(|made| is_any || waits(made)).take(6);
        let young: Vec<Answer> = young.cloned().collect();
        let Some(made) = self.random.choice(&young) else { return };
        let other: Option<&[u8]> = (self.random.u8(..8) == 0).then_some(b"something else");
        let answer = self.world.upload(made, other);
        self.tell(|| format!("upload of {}: {}", made.id(), answer.status));
    }

    fn delete_a_file(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let Some(id) = self.a_file(who, |_| true) else { return };
        let (world, ask) = (self.world.clone(), Ask::delete(format!("/v1/files/{id}")).by(&self.fresh(who)));
        self.start(Doing::Changing(id), async move {
            drop(world.calling(ask).await);
            Ended::Quietly
        });
    }

    /// Attaches a file to an order, mostly one that is ready, or detaches it.
    pub(super) fn attach_or_detach(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let (is_any, method) = (self.random.u8(..4) == 0, if self.random.u8(..4) == 0 { "DELETE" } else { "PUT" });
        let order = self.one_of(who, |run| &run.clients.orders);
        let file = self.a_file(who, |file| is_any || file.status == FileStatus::Ready);
        let (Some(order), Some(file)) = (order, file) else { return };
        let path = format!("/v1/orders/{}/files/{file}", order.id);
        let (world, ask) = (self.world.clone(), Ask::new(method, path).by(&self.fresh(who)));
        self.start(Doing::Attaching(ask.to_string()), async move { Ended::Answered(world.calling(ask).await) });
    }

    /// It may have been refused for the state it met.
    pub(super) fn has_attached(&self, asked: &str, answer: &Answer) -> Holds {
        let is_known = matches!(answer.status, 200 | 201 | 204 | 404 | 409 | 422 | 429 | 503);
        ensure(is_known, || format!("{asked} is answered with {} {}", answer.status, answer.body))
    }

    fn a_file(&mut self, who: usize, fits: impl Fn(&File) -> bool) -> Option<String> {
        let tenant = self.clients.callers[who].tenant;
        let files = self.world.store.files().into_iter().filter(|file| file.tenant == tenant && fits(file));
        let ids: Vec<String> = files.map(|file| file.id.to_string()).collect();
        self.random.choice(&ids).cloned()
    }

    pub(super) fn ingest(&mut self) {
        let mut waiting = self.world.take_uploads();
        if waiting.is_empty() {
            return;
        }
        let rest = waiting.split_off(self.random.usize(1..=waiting.len()));
        self.world.uploads.borrow_mut().extend(rest);
        match self.random.u8(..16) {
            0 => return self.tell(|| format!("nobody is told of {} uploads", waiting.len())),
            1..4 => self.world.uploads.borrow_mut().extend(waiting.iter()),
            _ => {}
        }
        let (world, uploads) = (self.world.clone(), waiting.clone());
        self.start(Doing::Ingest(waiting), async move { Ended::Streamed(world.ingest_step(&uploads).await.is_ok()) });
    }
}

impl Clients {
    /// Of an announcement the body tells more than the event: by whom it is to be uploaded is nobody else's.
    pub(super) fn is_told(what: What, effect: &str, body: &str) -> bool {
        match what {
            What::File => effect.strip_suffix('}').is_some_and(|file| body.starts_with(file)),
            What::Order
            | What::Payment
            | What::Refund
            | What::Capture
            | What::Step
            | What::Wallet
            | What::Report
            | What::Schedule
            | What::Extraction
            | What::Statement => effect == body,
        }
    }
}
