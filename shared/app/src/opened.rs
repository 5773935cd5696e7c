//! Secrets that this instance has had opened, keys of providers and signing secrets: opening each for every request would
//! cost more than the request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::secret::{Sealed, Secret};
use domain::time::Timestamp;
use ports::PortError;
use ports::vault::{Purpose, Vault};

/// A secret that is out of use is gone from memory soon after.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
const KEPT_MAX: usize = 512;

/// By what they were opened out of, and what for: the vault opens nothing for another purpose, and neither do these.
#[derive(Debug, Default)]
pub struct Opened(Mutex<HashMap<(Purpose, Sealed), (Secret, Timestamp)>>);

impl Opened {
    pub(crate) async fn open(
        &self,
        vault: &dyn Vault,
        purpose: &Purpose,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Secret, PortError> {
        let key = (purpose.clone(), sealed.clone());
        if let Some(secret) = self.kept(&key, now) {
            return Ok(secret);
        }
        let secret = vault.open(purpose, sealed).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (secret.clone(), now.plus(KEPT_FOR)));
        Ok(secret)
    }

    fn kept(&self, key: &(Purpose, Sealed), now: Timestamp) -> Option<Secret> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, until)| now < *until);
        kept.get(key).map(|(secret, _)| secret.clone())
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::TenantId;
    use memory::{Faults, Vault as MemoryVault};

    use super::*;

    #[tokio::test]
    async fn one_that_is_in_use_is_opened_once_in_five_minutes() {
        let faults = Faults::none();
        let vault = MemoryVault::new(faults.clone());
        let purpose = Purpose { tenant: TenantId::from_u128(1), name: "webhook_endpoint/whe_1".to_owned() };
        let sealed = vault.seal(&purpose, &Secret::new("whsec_1")).await.expect("sealed");
        let opened = Opened::default();
        let open = async |ms| opened.open(&vault, &purpose, &sealed, Timestamp::from_ms(ms)).await.expect("opened");
        for ms in [0, 1, 299_999] {
            assert_eq!(open(ms).await, Secret::new("whsec_1"));
        }
        assert_eq!(faults.calls("vault.open"), 1);
        open(300_000).await;
        assert_eq!(faults.calls("vault.open"), 2);
    }
}
