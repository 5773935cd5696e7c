//! Invoked by `cargo xtask fees`: the operator says what a merchant's payments cost from now on. No route leads here, because
//! who pays a fee does not set it. What is asked: `{"tenant":"ten_...","basis_points":290,"fixed":{"EUR":25}?}`; what is
//! answered: the terms as `GET /v1/settings/fees` shows them, or `{"errors":[...]}` and nothing has changed.

use app::{Context, Origin, fees};
use domain::field::{FieldError, Invalid};
use domain::ids::TenantId;
use http_kit::fee::fee_terms;
use http_kit::{fields, values};
use ports::clock::Mint;
use ports::commerce::Consistency;
use ports::fees::Fees;
use ports::identity::Tenants;
use ports::{PortError, PortErrorKind};
use serde_json::{Value, json};

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub mint: Mint<'a>,
    pub fees: &'a dyn Fees,
    pub tenants: &'a dyn Tenants,
}

pub async fn step(deps: Deps<'_>, event: &Value) -> Result<Value, PortError> {
    let asked = fields::parse(event.to_string().as_bytes(), |fields| {
        let tenant = fields.required("tenant", values::id::<TenantId>);
        let terms = fee_terms(fields);
        Some((tenant?, terms?))
    });
    let (tenant, terms) = match asked {
        Ok(asked) => asked,
        Err(problem) => return Ok(refused(&problem.errors)),
    };
    if deps.tenants.get(tenant, Consistency::Strong).await?.is_none() {
        return Ok(refused(&[Invalid::new("unknown", "names no tenant").at("/tenant")]));
    }
    let context = Context { mint: deps.mint, origin: Origin::default() };
    let settings = fees::set(&context, deps.fees, tenant, terms).await?;
    serde_json::from_str(&api::fee_settings(Some(&settings)))
        .map_err(|error| PortError::caused_by(PortErrorKind::Corrupt, "show fee settings", error))
}

fn refused(errors: &[FieldError]) -> Value {
    let errors: Vec<String> = errors.iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect();
    json!({ "errors": errors })
}
