//! Reports and the jobs that make them.

use serde_json::{Value, json};

use super::{Party, id, new_key};

/// Of all time.
pub fn report_of(kind: &str) -> Value {
    json!({ "kind": kind, "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "format": "csv" })
}

impl Party {
    /// The job of a report, just asked for.
    pub async fn report(&self, kind: &str) -> Value {
        self.post("/reports").key(&new_key()).json(&report_of(kind)).await.ok(202)
    }

    pub async fn job_in(&self, status: &str, job: &Value) -> Value {
        self.in_status(status, format!("/jobs/{}", id(job))).await
    }
}
