//! What a tenant's payments cost the merchant, as the API sees it: read and set. Payments are charged by it when they settle
//! (`settle_payment`).

use domain::fee::{FeeSettings, FeeTerms};
use domain::ids::TenantId;
use ports::PortError;
use ports::commerce::Consistency;
use ports::fees::Fees;

use crate::{Context, Error};

/// None where nothing was ever set.
pub async fn get(fees: &dyn Fees, tenant: TenantId) -> Result<Option<FeeSettings>, Error> {
    Ok(fees.get(tenant, Consistency::Strong).await?)
}

/// Holds for what is captured from now on.
pub async fn set(
    context: &Context<'_>,
    fees: &dyn Fees,
    tenant: TenantId,
    terms: FeeTerms,
) -> Result<FeeSettings, PortError> {
    let settings = FeeSettings { tenant, terms, updated_at: context.now() };
    fees.put(&settings).await?;
    Ok(settings)
}
