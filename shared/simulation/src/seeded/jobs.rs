//! Clients with reports: asked for, wanted no longer, asked for again.

use super::intents::What;
use super::run::Run;
use crate::ask::Ask;
use crate::jobs::report_body;

impl Run {
    pub(super) fn do_something_with_a_job(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let step = match self.random.u8(..8) {
            0..5 => {
                let kind = if self.random.bool() { "payments" } else { "ledger" };
                return self.ask_for(who, What::Report, Ask::post("/v1/reports", &report_body(kind)));
            }
            5 => "cancel",
            _ => "retry",
        };
        if let Some(job) = self.one_of(who, |run| &run.clients.jobs) {
            self.ask_for(who, What::Step, Ask::new("POST", format!("/v1/jobs/{}/{step}", job.id)));
        }
    }
}
