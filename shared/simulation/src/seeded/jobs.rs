//! Clients with reports: asked for, wanted no longer, asked for again.

use domain::file::FileStatus;
use serde_json::json;

use super::intents::What;
use super::run::Run;
use crate::ask::Ask;
use crate::jobs::report_body;

impl Run {
    pub(super) fn do_something_with_a_job(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let step = match self.random.u8(..8) {
            0..4 => {
                let kind = if self.random.bool() { "payments" } else { "ledger" };
                let mut body = report_body(kind);
                if let Some(priority) = self.random.choice(["high", "normal", "low"]) {
                    body["priority"] = json!(priority);
                }
                if self.random.u8(..4) == 0 {
                    body["delay_seconds"] = json!(self.random.u32(..3_000));
                }
                return self.ask_for(who, What::Report, Ask::post("/v1/reports", &body));
            }
            4..6 => return self.have_a_document_read(who),
            6 => "cancel",
            _ => "retry",
        };
        if let Some(job) = self.one_of(who, |run| &run.clients.jobs) {
            self.ask_for(who, What::Step, Ask::new("POST", format!("/v1/jobs/{}/{step}", job.id)));
        }
    }

    /// Mostly one that is ready.
    fn have_a_document_read(&mut self, who: usize) {
        let tenant = self.clients.callers[who].tenant;
        let is_any = self.random.u8(..8) == 0;
        let files = self.world.store.files().into_iter().filter(|file| file.tenant == tenant && file.is_listed());
        let documents = files.filter(|file| file.name.as_str().ends_with(".txt"));
        let ids = documents.filter(|file| is_any || file.status == FileStatus::Ready).map(|file| file.id.to_string());
        let ids: Vec<String> = ids.collect();
        let Some(id) = self.random.choice(&ids).cloned() else { return };
        self.ask_for(who, What::Extraction, Ask::post("/v1/extractions", &json!({ "file_id": id })));
    }
}
