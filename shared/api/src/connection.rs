//! A connection to a payment provider on the wire: never its keys, sealed or not.

use domain::connection::{Connection, Connections, ProviderAccount, ProviderName};
use serde::Serialize;

use crate::{BASE_PATH, json, rfc3339};

#[derive(Serialize)]
struct ConnectionView<'a> {
    name: &'static str,
    account: &'a str,
    rank: Option<&'static str>,
    /// Payments made from then on go by it, where it has a rank.
    rank_since: Option<String>,
    /// Where the account is to tell of what happens; none where that is set up already.
    events_path: Option<String>,
    /// When the provider was seen to take the key no more; payments by it wait for another.
    key_refused_at: Option<String>,
    created_at: String,
    updated_at: String,
}

/// None of a provider that is not connected.
pub fn connection(connections: &Connections, name: ProviderName) -> Option<String> {
    let Connection { of, credentials, key_refused_at, created_at, updated_at } = connections.of(name)?;
    let ProviderAccount { provider, account } = of;
    let rank = connections.rank(name);
    let path = || format!("{BASE_PATH}/providers/{}/events?tenant={}", provider.as_str(), connections.tenant);
    Some(json(&ConnectionView {
        name: provider.as_str(),
        account,
        rank: rank.map(|(rank, _)| rank.as_str()),
        rank_since: rank.map(|(_, since)| rfc3339(since)),
        events_path: credentials.as_ref().map(|_sealed| path()),
        key_refused_at: key_refused_at.map(rfc3339),
        created_at: rfc3339(*created_at),
        updated_at: rfc3339(*updated_at),
    }))
}
