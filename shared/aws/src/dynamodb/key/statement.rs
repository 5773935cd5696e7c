//! Where providers' statements lie, and the index of what their lines name.

use std::fmt::Display;

use domain::dispute::Dispute;
use domain::ids::{StatementId, TenantId};
use domain::ledger::Source;
use domain::payment::Payment;
use domain::refund::Refund;
use domain::statement::{Reference, Statement};

use super::{DueKind, Index, IndexKey, Key, Partition};

impl Key {
    pub(crate) fn statement(tenant: TenantId, id: StatementId) -> Self {
        Partition::statements(tenant).at(id)
    }

    pub(crate) fn statement_lines(tenant: TenantId, id: StatementId, page: u32) -> Self {
        Partition::statement_lines(tenant, id).at(statement_page(page))
    }

    pub(crate) fn differences(tenant: TenantId, id: StatementId, page: u32) -> Self {
        Partition::differences(tenant, id).at(statement_page(page))
    }
}

impl Partition {
    pub(crate) fn statements(tenant: TenantId) -> Self {
        Self::table(tenant, "STM")
    }

    pub(crate) fn statement_lines(tenant: TenantId, id: StatementId) -> Self {
        Self::table(tenant, format_args!("STL#{id}"))
    }

    pub(crate) fn differences(tenant: TenantId, id: StatementId) -> Self {
        Self::table(tenant, format_args!("DIF#{id}"))
    }

    pub(crate) fn referenced(tenant: TenantId, reference: &Reference) -> Self {
        Self::index(Index::Reference, tenant, format_args!("PRV#{reference}"))
    }
}

impl IndexKey {
    pub(crate) fn statement_due(statement: &Statement) -> Option<Self> {
        statement.check_at.map(|at| Self::due(DueKind::Statement, statement.id.as_u128(), at, statement.id))
    }

    /// Present once its provider has given it a name, which is not so of what the ledger alone has settled.
    pub(crate) fn payment_reference(payment: &Payment) -> Option<Self> {
        let own = Source::Charge(payment.id);
        Self::reference(payment.tenant, payment.provider_reference.as_deref()?, Some(own), payment.id)
    }

    pub(crate) fn refund_reference(refund: &Refund) -> Option<Self> {
        let own = Source::Refund(refund.id);
        Self::reference(refund.tenant, refund.provider_reference.as_deref()?, Some(own), refund.id)
    }

    pub(crate) fn dispute_reference(dispute: &Dispute) -> Option<Self> {
        Self::reference(dispute.tenant, &dispute.provider_reference, None, dispute.id)
    }

    /// What no line of a statement can name has no place.
    fn reference(tenant: TenantId, name: &str, own: Option<Source>, id: impl Display) -> Option<Self> {
        if own.is_some_and(|own| own.to_string() == name) {
            return None;
        }
        let reference: Reference = name.parse().ok()?;
        Some(Self::new(Index::Reference, Partition::referenced(tenant, &reference), id))
    }
}

/// The sort key of a page of a statement.
pub(crate) fn statement_page(number: u32) -> String {
    format!("{number:05}")
}

pub(crate) fn parse_statement(pk: &str, sk: &str) -> Option<(TenantId, StatementId)> {
    Some((pk.strip_suffix("#STM")?.parse().ok()?, sk.parse().ok()?))
}
