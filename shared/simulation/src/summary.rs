//! A world's state in words, without what differs between two ways to the same end: versions, times, the ids of events and
//! ledger rows, the provider's numbers. Two runs that should come to the same have the same summary.

use std::collections::{BTreeMap, BTreeSet};

use domain::payment::{Payment, Verdict};
use domain::refund::{Refund, RefundVerdict};
use memory::Contents;

use crate::world::World;

pub fn summary(world: &World) -> Vec<String> {
    let contents = world.store.contents();
    let mut lines: Vec<String> = Vec::new();
    lines.extend(contents.orders.iter().map(|order| {
        let (held, paid, refunded) = (order.held, order.paid, order.refunded);
        format!("{} is {}: held {held}, paid {paid}, refunded {refunded}", order.id, order.status.as_str())
    }));
    lines.extend(contents.payments.iter().map(payment));
    lines.extend(contents.refunds.iter().map(refund));
    lines.extend(contents.wallets.iter().map(|wallet| {
        let email = wallet.customer.as_ref().map(|customer| customer.email.as_str());
        format!("{} is of {email:?}, metadata {:?}", wallet.account(), wallet.metadata)
    }));
    lines.extend(contents.disputes.iter().map(|dispute| {
        let (sent, awaited) = (dispute.evidence_sent, dispute.check_at.is_some());
        format!("{} is {}: answer sent {sent}, awaited {awaited}", dispute.id, dispute.status.as_str())
    }));
    lines.extend(contents.statements.iter().map(|statement| {
        let (status, awaited) = (statement.status.as_str(), statement.check_at.is_some());
        format!("{} is {status}: {:?}, awaited {awaited}", statement.id, statement.counts)
    }));
    lines.extend(contents.differences.iter().map(|(statement, all)| {
        let told =
            all.iter().map(|it| (it.kind, it.line.as_ref().map(|line| line.number), it.ours.map(|it| it.source)));
        format!("{statement}: {:?}", told.collect::<Vec<_>>())
    }));
    lines.extend(contents.files.iter().map(|file| {
        let rejection = file.rejection.map_or("none", |rejection| rejection.as_str());
        format!("{} is {}: rejection {rejection}, awaited {}", file.id, file.status.as_str(), file.check_at.is_some())
    }));
    lines.extend(contents.attachments.iter().map(|it| format!("{} has {}", it.order, it.file)));
    lines.extend(contents.jobs.iter().map(|job| {
        let fault = job.fault.map_or("none", |fault| fault.as_str());
        format!("{} is {}: fault {fault}, cancelled {}", job.id, job.status.as_str(), job.cancel_requested)
    }));
    lines.extend(world.blobs.keys().iter().map(|key| format!("{key} is there")));
    lines.extend(ledger(&contents));
    lines.extend(events(&contents));
    lines.extend(identity(&contents));
    lines.extend(provider(world));
    lines.extend(told(world));
    lines
}

/// Who was told of what. How often is left out: who dies before the note sends again.
fn told(world: &World) -> BTreeSet<String> {
    let ids = |text: &str| text.split_whitespace().filter(|word| word.contains('_')).collect::<Vec<_>>().join(" ");
    let mails = world.mailer.taken().into_iter();
    mails
        .map(|mail| format!("told {}: {}, {}", mail.to.as_str(), mail.written.subject, ids(&mail.written.text)))
        .collect()
}

fn payment(payment: &Payment) -> String {
    let Payment { id, status, failure, captured, refunded, refunds_pending, unknown_since, check_at, .. } = payment;
    let failure = failure.map_or("none", |code| code.as_str());
    let awaited = check_at.is_some() || unknown_since.is_some();
    let amounts = format!("captured {captured}, refunded {refunded}, pending {refunds_pending}");
    format!("{id} is {}: {amounts}, failure {failure}, awaited {awaited}", status.as_str())
}

fn refund(refund: &Refund) -> String {
    let Refund { id, status, money, failure, check_at, .. } = refund;
    let failure = failure.map_or("none", |code| code.as_str());
    let awaited = check_at.is_some();
    format!("{id} is {}: {}, failure {failure}, awaited {awaited}", status.as_str(), money.amount.get())
}

fn ledger(contents: &Contents) -> Vec<String> {
    let transactions = contents.transactions.iter().map(|transaction| {
        let entries = transaction.entries().iter().map(|entry| format!("{} {}", entry.account, entry.amount));
        format!("{}: {}", transaction.source(), entries.collect::<Vec<_>>().join(", "))
    });
    let balances = contents.balances.iter().map(|(tenant, balance)| {
        format!("{tenant} {}: posted {}, pending {}", balance.account, balance.posted, balance.pending)
    });
    transactions.chain(balances).collect()
}

fn events(contents: &Contents) -> Vec<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for event in &contents.events {
        *counts.entry(format!("{} {}", event.subject, event.kind.as_str())).or_default() += 1;
    }
    let counted = counts.into_iter().map(|(event, count)| format!("{event}: {count}"));
    counted.chain([format!("unpublished: {}", contents.unpublished.len())]).collect()
}

fn identity(contents: &Contents) -> Vec<String> {
    let tenants = contents.tenants.iter().map(|tenant| format!("{} {}", tenant.id, tenant.name.as_str()));
    let users = contents
        .users
        .iter()
        .map(|user| format!("{} {} {} is {}", user.id, user.email.as_str(), user.name.as_str(), user.role.as_str()));
    let sessions = contents
        .sessions
        .iter()
        .map(|session| format!("{} of {} is ended: {}", session.id, session.user, session.revoked_at.is_some()));
    tenants.chain(users).chain(sessions).collect()
}

fn provider(world: &World) -> Vec<String> {
    let charges = world.provider.charges().into_iter().chain(world.second.charges()).map(|(key, file)| {
        let verdict = match file.verdict {
            Verdict::Succeeded { captured, reference: _ } => format!("succeeded with {}", captured.get()),
            Verdict::RequiresAction { reference: _ } => "requires_action".to_owned(),
            Verdict::Authorized { reference: _ } => "authorized".to_owned(),
            Verdict::Declined { code } => code.as_str().to_owned(),
            Verdict::Cancelled => "cancelled".to_owned(),
        };
        format!("provider: {key} of {} is {verdict}", file.charge.money.amount.get())
    });
    let refunds = world.provider.refunds().into_iter().chain(world.second.refunds()).map(|(key, file)| {
        let verdict = match file.verdict {
            RefundVerdict::Succeeded { reference: _ } => "succeeded",
            RefundVerdict::Pending { reference: _ } => "pending",
            RefundVerdict::Refused { code } => code.as_str(),
        };
        format!("provider: {key} of {} is {verdict}", file.refund.money.amount.get())
    });
    charges.chain(refunds).collect()
}
