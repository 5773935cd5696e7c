//! Password attempts, counted in windows.

use async_trait::async_trait;
use domain::identity::ATTEMPTS;
use domain::time::Timestamp;
use ports::PortError;
use ports::identity::{AttemptScope, Attempts, LoginAttempts};

use super::Store;

#[async_trait]
impl LoginAttempts for Store {
    async fn count(&self, scope: &AttemptScope, now: Timestamp) -> Result<Attempts, PortError> {
        let effect = || {
            let mut table = self.identity.get();
            let running = table.attempts.get(scope).filter(|attempts| now < attempts.window_ends_at);
            let counted = match running {
                Some(Attempts { count, window_ends_at }) => {
                    Attempts { count: count.saturating_add(1), window_ends_at: *window_ends_at }
                }
                None => Attempts { count: 1, window_ends_at: now.plus(ATTEMPTS.window) },
            };
            table.attempts.insert(scope.clone(), counted);
            Ok(counted)
        };
        self.faults.call("attempts.count", effect).await
    }

    async fn forget(&self, scope: &AttemptScope) -> Result<(), PortError> {
        let effect = || {
            self.identity.get().attempts.remove(scope);
            Ok(())
        };
        self.faults.call("attempts.forget", effect).await
    }
}
