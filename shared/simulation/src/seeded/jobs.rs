//! Clients with reports: asked for, wanted no longer, asked for again, asked for each day.

use domain::file::FileStatus;
use serde_json::json;

use super::intents::What;
use super::run::{Doing, Ended, Run};
use crate::ask::Ask;
use crate::jobs::{report_body, schedule_body};

/// Of a shop, at most.
const SCHEDULES: usize = 3;

impl Run {
    pub(super) fn do_something_with_a_job(&mut self) {
        let who = self.random.usize(..self.clients.callers.len());
        let step = match self.random.u8(..10) {
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
            6 => return self.ask_for_each_day(who),
            7 => return self.change_a_schedule(who),
            8 => "cancel",
            _ => "retry",
        };
        if let Some(job) = self.one_of(who, |run| &run.clients.jobs) {
            self.ask_for(who, What::Step, Ask::new("POST", format!("/v1/jobs/{}/{step}", job.id)));
        }
    }

    fn ask_for_each_day(&mut self, who: usize) {
        let schedules = self.world.store.schedules().into_iter();
        let tenant = self.clients.callers[who].tenant;
        if schedules.filter(|schedule| schedule.tenant == tenant).count() >= SCHEDULES {
            return;
        }
        let mut body = schedule_body(&format!("{} {} * * *", self.random.u8(..60), self.random.u8(..24)));
        body["time_zone"] = json!(self.random.choice(["Europe/Berlin", "UTC", "America/New_York", "Asia/Tokyo"]));
        body["report"]["period"] = json!(self.random.choice(["previous_day", "day_to_date", "month_to_date"]));
        self.ask_for(who, What::Schedule, Ask::post("/v1/schedules", &body));
    }

    fn change_a_schedule(&mut self, who: usize) {
        let tenant = self.clients.callers[who].tenant;
        let schedules = self.world.store.schedules().into_iter().filter(|schedule| schedule.tenant == tenant);
        let ids: Vec<String> = schedules.map(|schedule| schedule.id.to_string()).collect();
        let Some(id) = self.random.choice(&ids).cloned() else { return };
        let path = format!("/v1/schedules/{id}");
        let ask = match self.random.u8(..6) {
            0 => Ask::delete(path),
            1..4 => Ask::new("PATCH", path).json(&json!({ "status": self.random.choice(["paused", "enabled"]) })),
            _ => Ask::new("PATCH", path).json(&json!({ "cron": format!("0 {} * * *", self.random.u8(..24)) })),
        };
        let (world, ask) = (self.world.clone(), ask.by(&self.fresh(who)));
        self.start(Doing::Changing(id), async move {
            drop(world.calling(ask).await);
            Ended::Quietly
        });
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
