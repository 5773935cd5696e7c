//! Reports, the jobs that make them, and schedules of them.

use serde_json::{Value, json};

use super::{Party, id, new_key};

/// Of all time.
pub fn report_of(kind: &str) -> Value {
    json!({ "kind": kind, "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "format": "csv" })
}

/// Of each day before, by Berlin's clocks.
pub fn schedule_of(cron: &str) -> Value {
    let report = json!({ "kind": "payments", "period": "previous_day", "format": "csv" });
    json!({ "cron": cron, "time_zone": "Europe/Berlin", "report": report })
}

impl Party {
    pub async fn schedule(&self, cron: &str) -> Value {
        self.post("/schedules").key(&new_key()).json(&schedule_of(cron)).await.ok(201)
    }

    /// The job of a report, just asked for.
    pub async fn report(&self, kind: &str) -> Value {
        self.post("/reports").key(&new_key()).json(&report_of(kind)).await.ok(202)
    }

    pub async fn job_in(&self, status: &str, job: &Value) -> Value {
        self.in_status(status, format!("/jobs/{}", id(job))).await
    }
}
