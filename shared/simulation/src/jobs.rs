//! Reports of a simulated shop, asked for now and again.

use std::time::Duration;

use domain::access::Caller;
use domain::job::ATTEMPTS_MAX;
use memory::Fault;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::world::World;

/// Of all time.
pub(crate) fn report_body(kind: &str) -> Value {
    json!({ "kind": kind, "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "format": "csv" })
}

/// Of each day before, by Berlin's clocks.
pub(crate) fn schedule_body(cron: &str) -> Value {
    let report = json!({ "kind": "payments", "period": "previous_day", "format": "csv" });
    json!({ "cron": cron, "time_zone": "Europe/Berlin", "report": report })
}

impl World {
    pub fn schedule(&self, caller: &Caller, cron: &str) -> Answer {
        self.call(Ask::post("/v1/schedules", &schedule_body(cron)).by(caller).key(&self.new_key())).ok(201)
    }

    /// A document that is ready, and a job that is to read it.
    pub fn extraction(&self, caller: &Caller, name: &str) -> Answer {
        let file = self.file(caller, name).id();
        self.run_until_quiet();
        let body = json!({ "file_id": file });
        self.call(Ask::post("/v1/extractions", &body).by(caller).key(&self.new_key())).ok(202)
    }

    pub fn report(&self, caller: &Caller, kind: &str) -> Answer {
        self.call(Ask::post("/v1/reports", &report_body(kind)).by(caller).key(&self.new_key())).ok(202)
    }

    /// A report that the store has never taken.
    pub fn failed_report(&self, caller: &Caller) -> String {
        let job = self.report(caller, "payments").id();
        self.faults.fail_by_chance("blobs.begin", 1_000, Fault::Unavailable);
        self.faults.fail_by_chance("blobs.put", 1_000, Fault::Unavailable);
        for attempt in 0..=ATTEMPTS_MAX {
            self.settle();
            self.clock.advance(Duration::from_secs(1 << attempt));
        }
        self.faults.heal();
        job
    }
}
