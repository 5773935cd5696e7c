//! Commits that are not what the use case asked for: something is left out of them, or altered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coffer_simulation::Wiring;
use domain::event::{Event, EventType};
use domain::idempotency::{Claim, Fingerprint, Record};
use domain::ids::{EventId, TenantId};
use domain::ledger::{Entry, Posting, Transaction};
use domain::money::Currency;
use domain::time::Timestamp;
use memory::Store;
use ports::PortError;
use ports::commerce::{Change, Commerce, Commit, CommitError};

use super::Mutation;

/// Alters every commit on its way to the table, which it may look at.
struct Altering {
    next: Arc<dyn Commerce>,
    store: Arc<Store>,
    alter: fn(&Store, &mut Commit),
    /// How often a commit that is refused is altered anew: what has a condition dropped is not refused by it.
    tries: usize,
}

#[async_trait]
impl Commerce for Altering {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        for _ in 1..self.tries {
            let mut altered = commit.clone();
            (self.alter)(&self.store, &mut altered);
            match self.next.commit(altered).await {
                Err(CommitError::Stale | CommitError::OrderRefused(_) | CommitError::PaymentRefused(_)) => {}
                result => return result,
            }
        }
        let mut altered = commit;
        (self.alter)(&self.store, &mut altered);
        self.next.commit(altered).await
    }

    async fn find_record(&self, tenant: TenantId, claim: &Claim, now: Timestamp) -> Result<Option<Record>, PortError> {
        self.next.find_record(tenant, claim, now).await
    }
}

fn altering(wiring: Wiring, alter: fn(&Store, &mut Commit)) -> Wiring {
    let (next, store) = (wiring.commerce.clone(), wiring.store.clone());
    Wiring { commerce: Arc::new(Altering { next, store, alter, tries: 1 }), ..wiring }
}

/// Without a condition that `alter` replaces.
fn unconditional(wiring: Wiring, alter: fn(&Store, &mut Commit)) -> Wiring {
    let (next, store) = (wiring.commerce.clone(), wiring.store.clone());
    Wiring { commerce: Arc::new(Altering { next, store, alter, tries: 8 }), ..wiring }
}

fn without_event(commit: &mut Commit, kind: EventType) {
    commit.events.retain(|event| event.kind != kind);
}

fn postings(commit: &mut Commit) -> impl Iterator<Item = &mut Posting> {
    commit.changes.iter_mut().filter_map(|change| match change {
        Change::Post(posting) => Some(posting),
        _ => None,
    })
}

/// The transaction with other entries that sum to zero as well.
fn rebooked(commit: &mut Commit, rebook: fn(&mut Entry)) {
    for posting in postings(commit) {
        let Some(old) = &posting.transaction else { continue };
        let mut entries = old.entries().to_vec();
        entries.iter_mut().for_each(rebook);
        posting.transaction = Transaction::new(old.id(), old.tenant(), old.source(), entries).ok();
    }
}

fn is_a_settlement(commit: &Commit) -> bool {
    commit.changes.iter().any(|change| matches!(change, Change::UpdatePayment(_)))
}

pub const ALL: &[Mutation] = &[
    Mutation {
        name: "the idempotency record is left out of the commit",
        rewire: |wiring| altering(wiring, |_, commit| commit.record = None),
    },
    Mutation {
        name: "the answer that is kept is not the one that was given",
        rewire: |wiring| {
            altering(wiring, |_, commit| commit.record.iter_mut().for_each(|record| record.answer.body.push(' ')))
        },
    },
    Mutation {
        name: "an answer is kept for an hour, not for a day",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                let expires_at = commit.now.plus(Duration::from_secs(3_600));
                commit.record.iter_mut().for_each(|record| record.expires_at = expires_at);
            })
        },
    },
    Mutation {
        name: "an answer is kept for a week, not for a day",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                let expires_at = commit.now.plus(Duration::from_secs(7 * 86_400));
                commit.record.iter_mut().for_each(|record| record.expires_at = expires_at);
            })
        },
    },
    Mutation {
        name: "what was asked under a key is not remembered",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                commit.record.iter_mut().for_each(|record| record.claim.fingerprint = Fingerprint([0; 32]));
            })
        },
    },
    Mutation {
        name: "payment.created, the worker's job, is left out of the commit",
        rewire: |wiring| altering(wiring, |_, commit| without_event(commit, EventType::PaymentCreated)),
    },
    Mutation {
        name: "payment.succeeded is left out of the commit",
        rewire: |wiring| altering(wiring, |_, commit| without_event(commit, EventType::PaymentSucceeded)),
    },
    Mutation {
        name: "payment.succeeded tells of the payment as it was",
        rewire: |wiring| {
            altering(wiring, |store, commit| {
                for event in commit.events.iter_mut().filter(|event| event.kind == EventType::PaymentSucceeded) {
                    let stored = store.contents().payments.into_iter().find(|it| it.id.to_string() == event.subject);
                    event.object = stored.as_ref().map(api::payment).unwrap_or_default();
                }
            })
        },
    },
    Mutation {
        name: "entries name another currency's account",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                rebooked(commit, |entry| entry.account.currency = Currency::parse("USD").expect("a currency"))
            })
        },
    },
    Mutation {
        name: "order.paid is left out of the commit",
        rewire: |wiring| altering(wiring, |_, commit| without_event(commit, EventType::OrderPaid)),
    },
    Mutation {
        name: "refund.failed is told twice",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                let twice = commit.events.iter().find(|event| event.kind == EventType::RefundFailed).cloned();
                let id = |event: &Event| EventId::from_u128(event.id.as_u128() ^ 1);
                commit.events.extend(twice.map(|event| Event { id: id(&event), ..event }));
            })
        },
    },
    Mutation {
        name: "a payment holds nothing of its order",
        rewire: |wiring| {
            altering(wiring, |_, commit| commit.changes.retain(|change| !matches!(change, Change::HoldOrder { .. })))
        },
    },
    Mutation {
        name: "whether the order has enough left is not checked",
        rewire: |wiring| unconditional(wiring, hold_without_a_check),
    },
    Mutation {
        name: "whether the payment has enough left to refund is not checked",
        rewire: |wiring| unconditional(wiring, reserve_without_a_check),
    },
    Mutation {
        name: "the condition on an order's version is dropped",
        rewire: |wiring| unconditional(wiring, whatever_version_an_order_has),
    },
    Mutation {
        name: "the condition on a payment's version is dropped",
        rewire: |wiring| unconditional(wiring, whatever_version_a_payment_has),
    },
    Mutation {
        name: "a settlement leaves the order as it is",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                if is_a_settlement(commit) {
                    commit.changes.retain(|change| !matches!(change, Change::UpdateOrder(_)));
                }
            })
        },
    },
    Mutation {
        name: "a settlement leaves the ledger as it is",
        rewire: |wiring| {
            altering(wiring, |_, commit| commit.changes.retain(|change| !matches!(change, Change::Post(_))))
        },
    },
    Mutation {
        name: "one balance row is not moved",
        rewire: |wiring| {
            altering(wiring, |_, commit| postings(commit).for_each(|posting| posting.balances.truncate(1)))
        },
    },
    Mutation {
        name: "what a refund has reserved stays pending",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                let settled = postings(commit).filter(|posting| posting.transaction.is_some());
                settled.flat_map(|posting| &mut posting.balances).for_each(|change| change.pending = 0);
            })
        },
    },
    Mutation {
        name: "entries are a unit too large",
        rewire: |wiring| altering(wiring, |_, commit| rebooked(commit, |entry| entry.amount += entry.amount.signum())),
    },
    Mutation {
        name: "debit and credit are exchanged",
        rewire: |wiring| altering(wiring, |_, commit| rebooked(commit, |entry| entry.amount = -entry.amount)),
    },
    Mutation {
        name: "the number of the try goes up when the outcome is not known",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                for change in &mut commit.changes {
                    if let Change::UpdatePayment(payment) = change {
                        payment.attempt += u32::from(payment.unknown_since.is_some());
                    }
                }
            })
        },
    },
    Mutation {
        name: "a new payment is not due to be asked after",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                for change in &mut commit.changes {
                    if let Change::CreatePayment(payment) = change {
                        payment.check_at = None;
                    }
                }
            })
        },
    },
    Mutation {
        name: "a declined payment can be tried again",
        rewire: |wiring| {
            altering(wiring, |_, commit| {
                for change in &mut commit.changes {
                    if let Change::UpdatePayment(payment) = change
                        && payment.failure.is_some()
                    {
                        payment.status = domain::payment::PaymentStatus::Processing;
                    }
                }
            })
        },
    },
];

fn hold_without_a_check(store: &Store, commit: &mut Commit) {
    for change in &mut commit.changes {
        let Change::HoldOrder { order, money } = change else { continue };
        let stored = store.contents().orders.into_iter().find(|stored| stored.id == *order);
        let refused = stored.filter(|stored| stored.hold(*money, commit.now).is_err());
        if let Some(mut order) = refused.filter(|stored| stored.total.currency == money.currency) {
            order.held += money.amount.get();
            order.version += 1;
            *change = Change::UpdateOrder(order);
        }
    }
}

fn reserve_without_a_check(store: &Store, commit: &mut Commit) {
    for change in &mut commit.changes {
        let Change::ReserveRefund { payment, amount } = change else { continue };
        let stored = store.contents().payments.into_iter().find(|stored| stored.id == *payment);
        let refused = stored.filter(|stored| stored.reserve_refund(*amount, commit.now).is_err());
        if let Some(mut payment) = refused {
            payment.refunds_pending += amount.get();
            payment.version += 1;
            *change = Change::UpdatePayment(payment);
        }
    }
}

fn whatever_version_an_order_has(store: &Store, commit: &mut Commit) {
    for change in &mut commit.changes {
        let Change::UpdateOrder(order) = change else { continue };
        let stored = store.contents().orders.into_iter().find(|stored| stored.id == order.id);
        order.version = stored.map_or(order.version, |stored| stored.version + 1);
    }
}

fn whatever_version_a_payment_has(store: &Store, commit: &mut Commit) {
    for change in &mut commit.changes {
        let Change::UpdatePayment(payment) = change else { continue };
        let stored = store.contents().payments.into_iter().find(|stored| stored.id == payment.id);
        payment.version = stored.map_or(payment.version, |stored| stored.version + 1);
    }
}
