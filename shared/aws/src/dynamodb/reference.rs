//! What providers' references stand for: an index of payments, refunds and disputes by what their provider calls them.

use async_trait::async_trait;
use domain::ids::TenantId;
use domain::statement::Reference;
use ports::statement::{ProviderReferences, Referenced};
use ports::{PortError, PortErrorKind};

use super::key::{PARTITION, Partition, SORT, parse_dispute, parse_payment, parse_refund};
use super::query::Bounds;
use super::{Attributes, CommerceTable};
use crate::error::port_error;

const OPERATION: &str = "find a provider's reference";

#[async_trait]
impl ProviderReferences for CommerceTable {
    async fn referenced(&self, tenant: TenantId, reference: &Reference) -> Result<Vec<Referenced>, PortError> {
        let request = self.0.query(&Partition::referenced(tenant, reference), Bounds::default());
        let answer = request.send().await.map_err(|error| port_error(OPERATION, error))?;
        let corrupt = || PortError::new(PortErrorKind::Corrupt, OPERATION);
        answer.items.unwrap_or_default().iter().map(|item| referenced(item).ok_or_else(corrupt)).collect()
    }
}

fn referenced(item: &Attributes) -> Option<Referenced> {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok());
    let (pk, sk) = (text(PARTITION)?, text(SORT)?);
    let payment = parse_payment(pk, sk).map(|(_, id)| Referenced::Payment(id));
    let refund = || parse_refund(pk, sk).map(|(_, payment, id)| Referenced::Refund(payment, id));
    let dispute = || parse_dispute(pk, sk).map(|(_, id)| Referenced::Dispute(id));
    payment.or_else(refund).or_else(dispute)
}
