//! Messages that no worker can do.

use serde_json::{Value, json};

use super::{SOON, Shop, eventually, unique};

/// A message about a payment of the shop's that nobody has.
pub fn nobody_s(tenant: &str, mark: &str) -> Value {
    json!({
        "event": "evt_01m7z21wcwfb09peqcqcw21n8d",
        "tenant": tenant,
        "type": "payment.created",
        "subject": "pay_01m7z21wcwfb09peqcqcw21n8d",
        "mark": mark,
    })
}

impl Shop {
    /// A dead letter of the shop's, sent to the payments queue and buried by its worker.
    pub async fn dead_letter(&self) -> Value {
        let (queue, _) = self.app.aws().payments_queues().await;
        let mark = unique();
        self.app.aws().send_message(&queue, &nobody_s(&self.tenant, &mark).to_string()).await;
        self.waiting("payments").await
    }

    /// The newest dead letter of a queue that waits.
    pub async fn waiting(&self, queue: &str) -> Value {
        eventually("a dead letter", SOON, async || {
            let letters = self.all(&format!("/dead_letters?queue={queue}")).await;
            letters.into_iter().find(|letter| letter["status"] == "waiting").ok_or_else(|| "none yet".to_owned())
        })
        .await
    }
}
