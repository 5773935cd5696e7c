//! The receipts queue: documents of payments.

use app::receipts::{self, Rendering};
use app::work::WorkError;
use domain::event::Notice;

/// What the function reaches.
#[derive(Clone, Copy)]
pub struct Deps<'a> {
    pub rendering: Rendering<'a>,
}

pub async fn step(deps: Deps<'_>, notice: &Notice) -> Result<(), WorkError> {
    receipts::render(deps.rendering, notice).await
}
