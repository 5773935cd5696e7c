//! One change of one entity: nothing leaves the state machine, what is promised to stay does, amounts only grow.

use domain::dispute::{Dispute, DisputeStatus};
use domain::order::{Order, OrderStatus};
use domain::payment::{Payment, PaymentStatus};
use domain::refund::{Refund, RefundStatus};

use super::{Holds, ensure};

pub(super) fn order(old: Option<&Order>, new: &Order) -> Holds {
    let told = |what: &str| format!("{} {what}: {old:?}, then {new:?}", new.id);
    let Some(old) = old else {
        let is_new = new.status == OrderStatus::Open && (new.held, new.paid, new.refunded) == (0, 0, 0);
        return ensure(is_new && new.version == 1, || told("did not begin open"));
    };
    let same = (old.tenant, &old.customer, &old.lines, old.total, &old.metadata, old.created_at)
        == (new.tenant, &new.customer, &new.lines, new.total, &new.metadata, new.created_at);
    let is_legal = new.status == old.status || old.status.next().contains(&new.status);
    ensure(new.version == old.version + 1, || told("skipped a version"))?;
    ensure(same, || told("changed what does not change"))?;
    ensure(is_legal, || told("made an illegal move"))?;
    ensure(old.paid <= new.paid && old.refunded <= new.refunded, || told("took back what was paid or refunded"))?;
    ensure(old.updated_at <= new.updated_at, || told("went back in time"))
}

pub(super) fn payment(old: Option<&Payment>, new: &Payment) -> Holds {
    let told = |what: &str| format!("{} {what}: {old:?}, then {new:?}", new.id);
    let Some(old) = old else {
        let is_new =
            new.status == PaymentStatus::Processing && (new.captured, new.refunded, new.refunds_pending) == (0, 0, 0);
        return ensure(is_new && new.version == 1, || told("did not begin processing"));
    };
    let same = (old.tenant, old.order, old.money, &old.method, &old.description, &old.metadata, old.created_at)
        == (new.tenant, new.order, new.money, &new.method, &new.description, &new.metadata, new.created_at);
    let is_legal = new.status == old.status || old.status.next().contains(&new.status);
    ensure(new.version == old.version + 1, || told("skipped a version"))?;
    ensure(same && old.top_up == new.top_up, || told("changed what does not change"))?;
    ensure(is_legal, || told("made an illegal move"))?;
    ensure(old.attempt <= new.attempt, || told("went back to an older try"))?;
    ensure(old.captured <= new.captured && old.refunded <= new.refunded, || told("took back what was moved"))?;
    ensure(old.updated_at <= new.updated_at, || told("went back in time"))
}

pub(super) fn dispute(old: Option<&Dispute>, new: &Dispute) -> Holds {
    let told = |what: &str| format!("{} {what}: {old:?}, then {new:?}", new.id);
    let Some(old) = old else {
        let is_new = new.status == DisputeStatus::NeedsResponse && new.evidence.is_none() && new.version == 1;
        return ensure(is_new, || told("did not begin open"));
    };
    let same = (old.tenant, old.payment, old.money, old.reason, &old.provider_reference, old.created_at)
        == (new.tenant, new.payment, new.money, new.reason, &new.provider_reference, new.created_at);
    let is_refused =
        !old.evidence_sent && (old.status, new.status) == (DisputeStatus::UnderReview, DisputeStatus::NeedsResponse);
    let is_legal = new.status == old.status || old.status.next().contains(&new.status) || is_refused;
    ensure(new.version == old.version + 1, || told("skipped a version"))?;
    ensure(same, || told("changed what does not change"))?;
    ensure(is_legal, || told("made an illegal move"))?;
    let is_kept = old.evidence.is_none() || old.evidence == new.evidence || is_refused;
    ensure(is_kept && old.evidence_sent <= new.evidence_sent, || told("took an answer back"))
}

pub(super) fn refund(old: Option<&Refund>, new: &Refund) -> Holds {
    let told = |what: &str| format!("{} {what}: {old:?}, then {new:?}", new.id);
    let Some(old) = old else {
        return ensure(new.status == RefundStatus::Processing && new.version == 1, || told("did not begin processing"));
    };
    let same = (old.tenant, old.payment, old.order, old.money, &old.reason, old.created_at)
        == (new.tenant, new.payment, new.order, new.money, &new.reason, new.created_at);
    ensure(new.version == old.version + 1, || told("skipped a version"))?;
    ensure(same, || told("changed what does not change"))?;
    ensure(old.status == RefundStatus::Processing, || told("changed after it was final"))
}
