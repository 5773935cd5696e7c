//! The chain with its transactions, then all transactions with their blocks and entries: what never changes.

use std::collections::{BTreeMap, BTreeSet};

use domain::journal::{Block, LEFT_OUT_AFTER, Link, Listed, Posted};
use domain::ledger::{AccountId, Entry, Source, Transaction};
use domain::page::PageRequest;
use domain::verification::{self, Fault};
use ports::PortError;
use ports::verification::{AsFound, PostedRow, Transactions, Unreadable};

use super::progress::{Accounts, Chain, Progress, Step, Text, Wallets};
use super::{Mode, Verifying};
use crate::{Context, journal};

const BLOCKS_A_PAGE: usize = 20;
const TRANSACTIONS_A_PAGE: usize = 100;
/// What a batch of the store takes.
const BATCH_MAX: usize = 100;

/// Blocks up to the head that was found at the beginning, each with the transactions that it lists.
pub(super) async fn chain(on: Verifying<'_>, progress: &mut Progress, chain: Chain) -> Result<(), PortError> {
    let mut link = chain.link();
    let head = progress.head;
    let blocks = on.rows.blocks_after(progress.tenant(), link.number, BLOCKS_A_PAGE).await?;
    let (mut is_end, mut readable) = (blocks.is_empty(), Vec::new());
    for block in blocks {
        match block {
            Ok(block) if block.number > head => {
                is_end = true;
                break;
            }
            Ok(block) => {
                verification::block(&block, link).into_iter().for_each(|fault| progress.found(fault));
                // A number that was changed must not lead back.
                let number = block.number.max(link.number + 1);
                link = Link { number, ..block.link() };
                readable.push(block);
            }
            Err(unreadable) => {
                progress.found(fault(unreadable));
                link.number += 1;
            }
        }
    }
    listed(on, progress, &readable).await?;
    if is_end && link.number < head {
        progress.found(Fault::BlocksMissing { after: link.number, head });
    }
    let is_whole = is_end || link.number >= head;
    progress.step = if is_whole { Step::Transactions { after: None } } else { Step::Chain(link.into()) };
    Ok(())
}

/// The transactions that blocks list, as many in a batch as it takes: blocks are small where little is posted.
async fn listed(on: Verifying<'_>, progress: &mut Progress, blocks: &[Block]) -> Result<(), PortError> {
    let of_block = |block| move |listed: &Listed| (listed.source, block);
    let listed: Vec<(Source, &Block)> =
        blocks.iter().flat_map(|block| block.transactions.iter().map(of_block(block))).collect();
    for chunk in listed.chunks(BATCH_MAX) {
        let sources = once(chunk.iter().map(|(source, _)| *source));
        let found = on.rows.transactions_of(progress.tenant(), &sources).await?;
        let (rows, lost) = readable_of(progress, found, |row: &PostedRow| row.posted.source);
        for (source, block) in chunk {
            match rows.get(source) {
                Some(row) => {
                    let wrong = verification::in_block(&row.posted, row.block, block);
                    wrong.into_iter().for_each(|fault| progress.found(fault));
                }
                None if is_told(&lost, source) => {}
                None => progress.found(Fault::TransactionMissing { source: *source, block: block.number }),
            }
        }
    }
    Ok(())
}

/// A batch takes each key once, whatever the rows name twice.
fn once<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<K> {
    keys.collect::<BTreeSet<K>>().into_iter().collect()
}

/// All transactions, in a block or not, with their entries.
pub(super) async fn transactions(
    context: &Context<'_>,
    on: Verifying<'_>,
    progress: &mut Progress,
    after: Option<Text<Source>>,
    mode: Mode,
) -> Result<(), PortError> {
    let tenant = progress.tenant();
    let Transactions { rows, next } =
        on.rows.transactions_after(tenant, after.map(|source| source.0), TRANSACTIONS_A_PAGE).await?;
    let (rows, _) = readable_of(progress, rows, |row: &PostedRow| row.posted.source);
    let rows: Vec<PostedRow> = rows.into_values().collect();
    marks(on, progress, &rows).await?;
    left_out(context, on, progress, &rows, mode).await?;
    let settled: Vec<&Posted> = rows.iter().map(|row| &row.posted).filter(|it| is_settled(it, progress)).collect();
    for posted in &settled {
        progress.transactions += 1;
        verification::balanced(posted).into_iter().for_each(|fault| progress.found(fault));
        for entry in &posted.entries {
            progress.count_transaction(entry.account, entry.amount);
        }
    }
    entries(on, progress, &settled).await?;
    progress.step = match next {
        Some(next) => Step::Transactions { after: Some(Text(next)) },
        None => {
            let left = accounts(on, progress).await?;
            Step::Accounts(Accounts { left, walk: None, wallets: Wallets::After(None) })
        }
    };
    Ok(())
}

/// Its entries carry its moment: if one of them is up to the cut, all are there.
fn is_settled(posted: &Posted, progress: &Progress) -> bool {
    posted.entries.iter().any(|entry| entry.created_at <= progress.cut())
}

/// That each is in the block it is marked with. A block is written with its marks, so it is there when a mark is.
async fn marks(on: Verifying<'_>, progress: &mut Progress, rows: &[PostedRow]) -> Result<(), PortError> {
    let numbers = once(rows.iter().filter_map(|row| row.block));
    let found = on.rows.blocks(progress.tenant(), &numbers).await?;
    // One that cannot be read was told of by the chain.
    let blocks: BTreeMap<u64, Block> = found.into_iter().flatten().map(|block| (block.number, block)).collect();
    for row in rows {
        let Some(number) = row.block else { continue };
        let is_listed = blocks.get(&number).is_some_and(|block| block.digest_of(row.posted.source).is_some());
        if !is_listed {
            progress.found(Fault::Unlisted { source: row.posted.source, block: number });
        }
    }
    Ok(())
}

/// Those that should have been in a block long ago. One that does not balance is a fault already and stays out.
async fn left_out(
    context: &Context<'_>,
    on: Verifying<'_>,
    progress: &mut Progress,
    rows: &[PostedRow],
    mode: Mode,
) -> Result<(), PortError> {
    let tenant = progress.tenant();
    let now = context.now();
    let unmarked = rows.iter().filter(|row| row.block.is_none()).map(|row| row.posted.clone());
    let balanced = unmarked.filter_map(|Posted { id, source, entries }| {
        let transaction = Transaction::new(id, tenant, source, entries).ok()?;
        (transaction.posted_at().plus(LEFT_OUT_AFTER) <= now).then_some(transaction)
    });
    let left_out: Vec<Transaction> = balanced.collect();
    progress.left_out += match mode {
        Mode::Job => journal::append(on.journal, &left_out, now).await?.transactions,
        Mode::Report => left_out.len(),
    };
    Ok(())
}

/// That each entry has its row, as its transaction has it.
async fn entries(on: Verifying<'_>, progress: &mut Progress, of: &[&Posted]) -> Result<(), PortError> {
    let entries: Vec<&Entry> = of.iter().flat_map(|posted| &posted.entries).collect();
    for chunk in entries.chunks(BATCH_MAX) {
        let places = once(chunk.iter().map(|entry| (entry.account, entry.id)));
        let found = on.rows.entries_of(progress.tenant(), &places).await?;
        let (rows, lost) = readable_of(progress, found, |entry: &Entry| entry.id);
        for entry in chunk {
            let row = rows.get(&entry.id);
            if row.is_none() && is_told(&lost, entry.id) {
                continue;
            }
            let wrong = verification::entry(entry, row).into_iter().chain(verification::dated(entry));
            wrong.for_each(|fault| progress.found(fault));
        }
    }
    Ok(())
}

/// Those with a balance, and those that transactions name. Wallets are listed when these are done with.
async fn accounts(on: Verifying<'_>, progress: &mut Progress) -> Result<Vec<Text<AccountId>>, PortError> {
    let mut accounts: BTreeSet<AccountId> = progress.accounts().collect();
    let mut page = PageRequest::default();
    loop {
        let listed = on.accounts.list(progress.tenant(), page).await;
        let Some(listed) = super::readable(progress, "the accounts", listed)? else { break };
        accounts.extend(listed.items.iter().map(|balance| balance.account));
        let Some(next) = listed.next else { break };
        page.after = Some(next);
    }
    Ok(accounts.into_iter().map(Text).collect())
}

/// The rows that can be read, by what names them, and the others, which are told of.
fn readable_of<K: Ord, T>(
    progress: &mut Progress,
    rows: Vec<AsFound<T>>,
    name: impl Fn(&T) -> K,
) -> (BTreeMap<K, T>, Vec<Unreadable>) {
    let (mut readable, mut lost) = (BTreeMap::new(), Vec::new());
    for row in rows {
        match row {
            Ok(row) => drop(readable.insert(name(&row), row)),
            Err(unreadable) => {
                progress.found(fault(unreadable.clone()));
                lost.push(unreadable);
            }
        }
    }
    (readable, lost)
}

/// A row that cannot be read is there: its key says which.
fn is_told(lost: &[Unreadable], name: impl ToString) -> bool {
    let name = name.to_string();
    lost.iter().any(|Unreadable(row)| row.ends_with(&name))
}

pub(super) fn fault(Unreadable(row): Unreadable) -> Fault {
    Fault::Unreadable { row }
}
