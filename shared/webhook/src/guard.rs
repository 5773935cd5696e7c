//! Names are resolved here, so that the addresses that are checked are the ones that are connected to: a name that leads
//! elsewhere a moment later (DNS rebinding) changes nothing.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use domain::webhook::{AddressRefusal, Reach, check_address};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Where names come from: the system's resolver, or a test's.
pub(crate) type Lookup = Arc<dyn Fn(String) -> LookingUp + Send + Sync>;
pub(crate) type LookingUp = std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

pub(crate) struct Guard {
    pub lookup: Lookup,
    pub reach: Reach,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (looking_up, reach) = ((self.lookup)(name.as_str().to_owned()), self.reach);
        Box::pin(async move {
            let addresses = looking_up.await?;
            let mut refusal = None;
            let mut allowed = Vec::new();
            for address in addresses {
                match check_address(address, reach) {
                    // Port 0 stands for the URL's.
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(refused) => refusal = Some(refused),
                }
            }
            match refusal {
                Some(refusal) if allowed.is_empty() => Err(refusal.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

pub(crate) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|socket| socket.ip()).collect()) })
    })
}

/// Whether the guard is why a request failed.
pub(crate) fn is_refusal(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<AddressRefusal>() {
            return true;
        }
        next = error.source();
    }
    false
}
