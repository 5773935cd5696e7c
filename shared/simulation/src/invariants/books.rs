//! The entities as their stream tells them, with what belongs to what: kept up change by change, so that looking at one
//! change costs little.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::dispute::{Dispute, DisputeStatus};
use domain::event::{Event, EventType};
use domain::ids::{DisputeId, EventId, OrderId, PaymentId, RefundId, TenantId};
use domain::ledger::{AccountId, AccountKind, accounts_of};
use domain::order::Order;
use domain::payment::Payment;
use domain::refund::{Refund, RefundStatus};
use memory::Contents;
use ports::stream::{Image, StreamChange};

use super::{Holds, ensure, moves};

#[derive(Debug, Default)]
pub struct Books {
    pub orders: BTreeMap<OrderId, Order>,
    pub payments: BTreeMap<PaymentId, Payment>,
    pub refunds: BTreeMap<RefundId, Refund>,
    pub disputes: BTreeMap<DisputeId, Dispute>,
    pub events: BTreeMap<EventId, Event>,
    /// Those that are gone by now too: a message may outlive its event.
    pub committed_events: BTreeSet<EventId>,
    /// What each request with a key has done, by its key: the objects of the events it made.
    pub effects: BTreeMap<(TenantId, String), Vec<String>>,
    /// Every state that an order or a payment has been in, by its id and version.
    past_orders: BTreeMap<(OrderId, u64), Order>,
    past_payments: BTreeMap<(PaymentId, u64), Payment>,
    payments_of: BTreeMap<OrderId, BTreeSet<PaymentId>>,
    refunds_of: BTreeMap<PaymentId, BTreeSet<RefundId>>,
    events_of: BTreeMap<String, Vec<EventType>>,
    owed: BTreeMap<(TenantId, AccountId), Owed>,
}

/// What an account has to show by the payments, refunds and disputes there are: posted and pending.
pub type Owed = (i64, i64);

/// What changes concern, directly or as the whole of a part.
#[derive(Debug, Default)]
pub struct Touched {
    pub orders: BTreeSet<OrderId>,
    pub payments: BTreeSet<PaymentId>,
    pub refunds: BTreeSet<RefundId>,
    pub disputes: BTreeSet<DisputeId>,
    /// Those that are new.
    pub events: BTreeSet<EventId>,
    pub published: BTreeSet<EventId>,
}

impl Books {
    pub fn of(contents: &Contents) -> Self {
        let mut books = Self::default();
        let Contents { orders, payments, refunds, disputes, events, .. } = contents.clone();
        orders.into_iter().for_each(|order| books.enter_order(order));
        payments.into_iter().for_each(|payment| books.enter_payment(payment));
        refunds.into_iter().for_each(|refund| books.enter_refund(refund));
        disputes.into_iter().for_each(|dispute| books.enter_dispute(dispute));
        events.into_iter().for_each(|event| books.enter_event(event));
        books
    }

    /// Takes changes in, in the order of their commits. `Err` when one of them is not a legal move.
    pub fn follow(&mut self, changes: &[StreamChange]) -> Result<Touched, String> {
        let mut touched = Touched::default();
        for StreamChange { old, new } in changes {
            match (old, new) {
                (old, Some(Image::Order(new))) => {
                    let known = self.orders.get(&new.id);
                    let before = match old {
                        Some(Image::Order(old)) => Some(old),
                        _ => None,
                    };
                    ensure(before == known, || not_continued(known, before))?;
                    moves::order(known, new)?;
                    touched.orders.insert(new.id);
                    self.enter_order(new.clone());
                }
                (old, Some(Image::Payment(new))) => {
                    let known = self.payments.get(&new.id);
                    let before = match old {
                        Some(Image::Payment(old)) => Some(old),
                        _ => None,
                    };
                    ensure(before == known, || not_continued(known, before))?;
                    moves::payment(known, new)?;
                    touched.payments.insert(new.id);
                    touched.orders.extend(new.order);
                    self.enter_payment(new.clone());
                }
                (old, Some(Image::Refund(new))) => {
                    touched.refunds.insert(new.id);
                    let known = self.refunds.get(&new.id);
                    let before = match old {
                        Some(Image::Refund(old)) => Some(old),
                        _ => None,
                    };
                    ensure(before == known, || not_continued(known, before))?;
                    moves::refund(known, new)?;
                    touched.payments.insert(new.payment);
                    touched.orders.extend(new.order);
                    self.enter_refund(new.clone());
                }
                (old, Some(Image::Dispute(new))) => {
                    let known = self.disputes.get(&new.id);
                    let before = match old {
                        Some(Image::Dispute(old)) => Some(old),
                        _ => None,
                    };
                    ensure(before == known, || not_continued(known, before))?;
                    moves::dispute(known, new)?;
                    touched.disputes.insert(new.id);
                    touched.payments.insert(new.payment);
                    self.enter_dispute(new.clone());
                }
                (None, Some(Image::Event(new))) => {
                    touched.events.insert(new.id);
                    self.enter_event(new.clone());
                    self.shows_its_subject(new)?;
                    self.takes_effect_once(new)?;
                }
                (Some(Image::Event(old)), Some(Image::Event(new))) => {
                    ensure(old == new, || format!("{} was changed", new.id))?;
                    touched.published.insert(new.id);
                }
                (Some(gone @ (Image::Order(_) | Image::Payment(_) | Image::Refund(_) | Image::Dispute(_))), None) => {
                    return Err(format!("{gone:?} was deleted"));
                }
                (Some(Image::Event(gone)), None) => drop(self.events.remove(&gone.id)),
                _ => {}
            }
        }
        Ok(touched)
    }

    pub fn everything(&self) -> Touched {
        Touched {
            orders: self.orders.keys().copied().collect(),
            payments: self.payments.keys().copied().collect(),
            refunds: self.refunds.keys().copied().collect(),
            disputes: self.disputes.keys().copied().collect(),
            events: self.events.keys().copied().collect(),
            published: BTreeSet::new(),
        }
    }

    pub fn payments_of(&self, order: OrderId) -> impl Iterator<Item = &Payment> {
        self.payments_of.get(&order).into_iter().flatten().filter_map(|id| self.payments.get(id))
    }

    pub fn refunds_of(&self, payment: PaymentId) -> impl Iterator<Item = &Refund> {
        self.refunds_of.get(&payment).into_iter().flatten().filter_map(|id| self.refunds.get(id))
    }

    pub fn disputes_of(&self, payment: &Payment) -> impl Iterator<Item = &Dispute> {
        payment.disputes.iter().filter_map(|(_, id)| self.disputes.get(id))
    }

    /// How many events of a kind tell of a subject.
    pub fn events_of(&self, subject: &str, kind: EventType) -> usize {
        let kinds = self.events_of.get(subject);
        kinds.into_iter().flatten().filter(|present| **present == kind).count()
    }

    /// Nothing before there is a payment that concerns the account.
    pub fn owed(&self, tenant: TenantId, account: AccountId) -> Owed {
        self.owed.get(&(tenant, account)).copied().unwrap_or_default()
    }

    /// What an order was shown as when it had the version.
    pub fn order_at(&self, id: OrderId, version: u64) -> Option<&Order> {
        self.past_orders.get(&(id, version))
    }

    pub fn payment_at(&self, id: PaymentId, version: u64) -> Option<&Payment> {
        self.past_payments.get(&(id, version))
    }

    /// The stream has told of everything that the table holds.
    pub(super) fn are_of(&self, contents: &Contents) -> Holds {
        let Contents { orders, payments, refunds, disputes, events, .. } = contents;
        let told = orders.len() == self.orders.len()
            && payments.len() == self.payments.len()
            && refunds.len() == self.refunds.len()
            && disputes.len() == self.disputes.len()
            && events.len() == self.events.len()
            && disputes.iter().all(|dispute| self.disputes.get(&dispute.id) == Some(dispute))
            && orders.iter().all(|order| self.orders.get(&order.id) == Some(order))
            && payments.iter().all(|payment| self.payments.get(&payment.id) == Some(payment))
            && refunds.iter().all(|refund| self.refunds.get(&refund.id) == Some(refund))
            && events.iter().all(|event| self.events.get(&event.id) == Some(event));
        ensure(told, || "the table holds what its stream never told".to_owned())
    }

    fn enter_order(&mut self, order: Order) {
        self.past_orders.insert((order.id, order.version), order.clone());
        self.orders.insert(order.id, order);
    }

    fn enter_payment(&mut self, payment: Payment) {
        if let Some(order) = payment.order {
            self.payments_of.entry(order).or_default().insert(payment.id);
        }
        let known = self.payments.get(&payment.id).map(owed_for_payment).unwrap_or_default();
        self.owe(payment.tenant, &known, &owed_for_payment(&payment));
        self.past_payments.insert((payment.id, payment.version), payment.clone());
        self.payments.insert(payment.id, payment);
    }

    fn enter_refund(&mut self, refund: Refund) {
        self.refunds_of.entry(refund.payment).or_default().insert(refund.id);
        if let Some(payment) = self.payments.get(&refund.payment) {
            let owed = |refund: &Refund| owed_for_refund(payment, refund);
            let (known, now) = (self.refunds.get(&refund.id).map(owed).unwrap_or_default(), owed(&refund));
            self.owe(refund.tenant, &known, &now);
        }
        self.refunds.insert(refund.id, refund);
    }

    fn enter_dispute(&mut self, dispute: Dispute) {
        let known = self.disputes.get(&dispute.id).map(owed_for_dispute).unwrap_or_default();
        self.owe(dispute.tenant, &known, &owed_for_dispute(&dispute));
        self.disputes.insert(dispute.id, dispute);
    }

    /// One part of what is owed is no longer as it was.
    fn owe(&mut self, tenant: TenantId, before: &[(AccountId, Owed)], now: &[(AccountId, Owed)]) {
        let turned = before.iter().map(|(account, (posted, pending))| (*account, (-posted, -pending)));
        for (account, (posted, pending)) in turned.chain(now.iter().copied()) {
            let owed = self.owed.entry((tenant, account)).or_default();
            *owed = (owed.0 + posted, owed.1 + pending);
        }
    }

    fn enter_event(&mut self, event: Event) {
        self.events_of.entry(event.subject.clone()).or_default().push(event.kind);
        if let Some(key) = &event.idempotency_key {
            self.effects.entry((event.tenant, key.clone())).or_default().push(event.object.clone());
        }
        self.committed_events.insert(event.id);
        self.events.insert(event.id, event);
    }

    /// An event comes after its commit's other changes and carries its subject as they left it.
    fn shows_its_subject(&self, event: &Event) -> Holds {
        // Wallets, statements, files, jobs and dead letters are not in the stream: their own modules look at theirs.
        let is_of_another = matches!(
            event.kind,
            EventType::ProviderConnected
                | EventType::ProviderDisconnected
                | EventType::ProviderKeyRefused
                | EventType::ProviderEventReceived
                | EventType::WalletCreated
                | EventType::StatementCreated
                | EventType::StatementSucceeded
                | EventType::StatementFailed
                | EventType::FileCreated
                | EventType::FileReady
                | EventType::FileRejected
                | EventType::FileDeleted
                | EventType::FileAttached
                | EventType::FileDetached
                | EventType::JobCreated
                | EventType::JobResumed
                | EventType::JobRetried
                | EventType::JobCancelRequested
                | EventType::JobSucceeded
                | EventType::JobFailed
                | EventType::JobCancelled
                | EventType::JobsPaused
                | EventType::JobsUnpaused
                | EventType::ScheduleCreated
                | EventType::ScheduleUpdated
                | EventType::ScheduleDeleted
                | EventType::WebhookEndpointDisabled
                | EventType::WebhookEndpointTest
                | EventType::WebhookReplayRequested
                | EventType::DeadLetterRedriven
        );
        if is_of_another {
            return Ok(());
        }
        let subject = event.subject.rsplit('/').next().unwrap_or_default();
        let order = subject.parse().ok().and_then(|id| self.orders.get(&id)).map(api::order);
        let payment = || subject.parse().ok().and_then(|id| self.payments.get(&id)).map(api::payment);
        let refund = || subject.parse().ok().and_then(|id| self.refunds.get(&id)).map(api::refund);
        let dispute = || subject.parse().ok().and_then(|id| self.disputes.get(&id)).map(api::dispute);
        let now = order.or_else(payment).or_else(refund).or_else(dispute);
        let is_right = now.as_ref() == Some(&event.object);
        ensure(is_right, || format!("{} of {subject} tells {}, it is {now:?}", event.kind.as_str(), event.object))
    }

    /// Clients of a simulation use a key for one request, and no longer than it is kept.
    fn takes_effect_once(&self, event: &Event) -> Holds {
        let Some(key) = &event.idempotency_key else { return Ok(()) };
        let effects = self.effects.get(&(event.tenant, key.clone())).map_or(0, Vec::len);
        ensure(effects <= 1, || format!("the request with key {key} took effect {effects} times"))
    }
}

/// A payment's part of what the accounts show.
fn owed_for_payment(payment: &Payment) -> Vec<(AccountId, Owed)> {
    let [from, to] = accounts_of(payment);
    let fees = AccountId { kind: AccountKind::Fees, currency: payment.money.currency };
    vec![(from, (-payment.captured, 0)), (to, (payment.captured - payment.fee, 0)), (fees, (payment.fee, 0))]
}

/// A dispute's part: of a top-up too it is the merchant who bears it.
fn owed_for_dispute(dispute: &Dispute) -> Vec<(AccountId, Owed)> {
    let amount = dispute.money.amount.get();
    let account = |kind| AccountId { kind, currency: dispute.money.currency };
    let now_at = match dispute.status {
        DisputeStatus::NeedsResponse | DisputeStatus::UnderReview => AccountKind::Disputes,
        DisputeStatus::Won => AccountKind::Merchant,
        DisputeStatus::Lost => AccountKind::Clearing,
    };
    vec![(account(AccountKind::Merchant), (-amount, 0)), (account(now_at), (amount, 0))]
}

/// A refund's part. What goes back into a wallet can be spent once it is there, so it is never pending in it.
fn owed_for_refund(payment: &Payment, refund: &Refund) -> Vec<(AccountId, Owed)> {
    let amount = refund.money.amount.get();
    let [to, from] = accounts_of(payment);
    match refund.status {
        RefundStatus::Processing => {
            let awaited = if to.kind == AccountKind::Clearing { amount } else { 0 };
            vec![(from, (0, -amount)), (to, (0, awaited))]
        }
        RefundStatus::Succeeded => vec![(from, (-amount, 0)), (to, (amount, 0))],
        RefundStatus::Failed => Vec::new(),
    }
}

/// A change begins where the one before it ended.
fn not_continued<T: fmt::Debug>(known: Option<&T>, before: Option<&T>) -> String {
    format!("a change is not of the state before it: {known:?}, then {before:?}")
}
