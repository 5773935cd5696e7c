//! The rows of a report, page by page, each with where the next one begins: a report of any length takes the memory of a
//! page. What is written is CSV (RFC 4180) in UTF-8, that no spreadsheet takes for formulas.

use domain::ids::{EntryId, PaymentId, TenantId};
use domain::ledger::{AccountId, Entry};
use domain::page::{Limit, PageRequest};
use domain::payment::{Method, Payment};
use domain::task::{Report, ReportKind};
use domain::verification::ID_SKEW_MAX;
use ports::PortError;
use ports::commerce::{Accounts, Consistency, PaymentFilter, Payments, Wallets};
use ports::verification::LedgerRows;
use serde::{Deserialize, Serialize};

use crate::work::WorkError;

#[derive(Clone, Copy)]
pub struct Sources<'a> {
    pub payments: &'a dyn Payments,
    pub accounts: &'a dyn Accounts,
    pub wallets: &'a dyn Wallets,
    pub rows: &'a dyn LedgerRows,
}

/// Where a page begins. Ids are texts, as a checkpoint keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Position {
    /// Below a payment: the newest come first.
    Payments { after: Option<String> },
    /// In an account, from an entry on: the oldest come first.
    Entries { account: String, from: String, is_wallet: bool },
    /// After an account; wallets come after all others.
    Accounts { after: Option<String>, are_wallets: bool },
}

pub(crate) struct Rows {
    pub(crate) rows: Vec<Vec<String>>,
    /// None: that was the last page.
    pub(crate) next: Option<Position>,
    /// Per cent.
    pub(crate) progress: u8,
}

impl Position {
    pub(crate) fn first(kind: ReportKind) -> Self {
        match kind {
            ReportKind::Payments => Self::Payments { after: None },
            ReportKind::Ledger => Self::Accounts { after: None, are_wallets: false },
        }
    }
}

pub(crate) fn header(kind: ReportKind) -> Vec<String> {
    let names: &[&str] = match kind {
        ReportKind::Payments => &[
            "id",
            "created_at",
            "status",
            "amount",
            "currency",
            "amount_captured",
            "amount_refunded",
            "amount_disputed",
            "order_id",
            "method",
            "failure_code",
            "description",
        ],
        ReportKind::Ledger => {
            &["created_at", "account_id", "entry_id", "transaction_id", "payment_id", "amount", "currency"]
        }
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) async fn page(
    on: Sources<'_>,
    tenant: TenantId,
    report: &Report,
    position: &Position,
) -> Result<Rows, WorkError> {
    match position {
        Position::Payments { after } => {
            let after = after.as_deref().map(parsed::<PaymentId>).transpose()?;
            payments(on, tenant, report, after).await
        }
        Position::Accounts { after, are_wallets } => {
            let after = after.as_deref().map(parsed::<AccountId>).transpose()?;
            next_account(on, tenant, report, after, *are_wallets).await
        }
        Position::Entries { account, from, is_wallet } => {
            entries(on, tenant, report, (parsed(account)?, parsed(from)?), *is_wallet).await
        }
    }
}

async fn payments(
    on: Sources<'_>,
    tenant: TenantId,
    report: &Report,
    after: Option<PaymentId>,
) -> Result<Rows, WorkError> {
    // The list goes by ids, which may lie a little apart from the payments' moments.
    let (from, to) = (report.from.minus(ID_SKEW_MAX), report.to.plus(ID_SKEW_MAX));
    let filter = PaymentFilter { status: None, from: Some(from), to: Some(to) };
    let request = PageRequest { limit: limit(Limit::MAX)?, after };
    // What is left out here is left out for good.
    let page = on.payments.list(tenant, &filter, request, Consistency::Strong).await?;
    let is_within = |payment: &&Payment| (report.from..report.to).contains(&payment.created_at);
    let wanted = page.items.iter().filter(is_within).filter(|payment| is_wanted(report, payment.money.currency));
    let oldest = page.items.last().map_or(report.from, |payment| payment.created_at);
    let whole = report.to.since(report.from).as_millis().max(1);
    let done = report.to.since(oldest).as_millis().min(whole);
    Ok(Rows {
        rows: wanted.map(payment_row).collect(),
        next: page.next.map(|id| Position::Payments { after: Some(id.to_string()) }),
        progress: u8::try_from(done * 100 / whole).unwrap_or(100),
    })
}

/// Finds the next account of the report; half of the progress are the accounts that are no wallets.
async fn next_account(
    on: Sources<'_>,
    tenant: TenantId,
    report: &Report,
    after: Option<AccountId>,
    are_wallets: bool,
) -> Result<Rows, WorkError> {
    let page = PageRequest { limit: limit(1)?, after };
    let account = if are_wallets {
        on.wallets.list(tenant, page).await?.items.first().map(|wallet| wallet.account())
    } else {
        on.accounts.list(tenant, page).await?.items.first().map(|balance| balance.account)
    };
    let next = match account {
        Some(account) if is_wanted(report, account.currency) => Some(Position::Entries {
            account: account.to_string(),
            from: EntryId::floor_at(report.from.minus(ID_SKEW_MAX)).to_string(),
            is_wallet: are_wallets,
        }),
        Some(account) => Some(Position::Accounts { after: Some(account.to_string()), are_wallets }),
        None if are_wallets => None,
        None => Some(Position::Accounts { after: None, are_wallets: true }),
    };
    Ok(Rows { rows: Vec::new(), next, progress: if are_wallets { 50 } else { 0 } })
}

async fn entries(
    on: Sources<'_>,
    tenant: TenantId,
    report: &Report,
    (account, from): (AccountId, EntryId),
    is_wallet: bool,
) -> Result<Rows, WorkError> {
    const AT_ONCE: usize = 100;
    let found = on.rows.entries_from(tenant, account, from, AT_ONCE).await?;
    let is_full = found.len() == AT_ONCE;
    let unreadable =
        |row: ports::verification::Unreadable| WorkError::Poison(format!("an entry cannot be read: {row:?}"));
    let found = found.into_iter().map(|row| row.map_err(unreadable)).collect::<Result<Vec<_>, _>>()?;
    // An id and its entry's moment may lie a little apart: what counts is the moment.
    let end = EntryId::floor_at(report.to.plus(ID_SKEW_MAX));
    let last = found.last().map(|entry| entry.id).filter(|last| is_full && *last < end);
    let next = match last {
        Some(last) => Position::Entries {
            account: account.to_string(),
            from: EntryId::from_u128(last.as_u128().saturating_add(1)).to_string(),
            is_wallet,
        },
        None => Position::Accounts { after: Some(account.to_string()), are_wallets: is_wallet },
    };
    let is_within = |entry: &&Entry| (report.from..report.to).contains(&entry.created_at);
    let rows = found.iter().filter(is_within).map(entry_row).collect();
    Ok(Rows { rows, next: Some(next), progress: if is_wallet { 50 } else { 0 } })
}

fn is_wanted(report: &Report, currency: domain::money::Currency) -> bool {
    report.currency.is_none_or(|wanted| wanted == currency)
}

fn payment_row(payment: &Payment) -> Vec<String> {
    let method = match payment.method {
        Method::Card { .. } => "card",
        Method::Wallet { .. } => "wallet",
    };
    vec![
        payment.id.to_string(),
        api::rfc3339(payment.created_at),
        payment.status.as_str().to_owned(),
        payment.money.amount.get().to_string(),
        payment.money.currency.code().to_owned(),
        payment.captured.to_string(),
        payment.refunded.to_string(),
        payment.disputed.to_string(),
        payment.order.map(|order| order.to_string()).unwrap_or_default(),
        method.to_owned(),
        payment.failure.map(|failure| failure.as_str().to_owned()).unwrap_or_default(),
        text(payment.description.as_ref().map_or("", |description| description.as_str())),
    ]
}

fn entry_row(entry: &Entry) -> Vec<String> {
    vec![
        api::rfc3339(entry.created_at),
        entry.account.to_string(),
        entry.id.to_string(),
        entry.transaction.to_string(),
        entry.payment.map(|payment| payment.to_string()).unwrap_or_default(),
        entry.amount.to_string(),
        entry.account.currency.code().to_owned(),
    ]
}

/// What a spreadsheet takes for a formula where a cell begins with it.
const BEGINS_FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Text that somebody else has written, without a formula in it
/// (<https://owasp.org/www-community/attacks/CSV_Injection>). Where lists are separated by semicolons or tabs, as in a German
/// Excel, a cell may begin in the middle of it, and quotes after the first character of ours keep nothing together.
fn text(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut may_begin = true;
    for character in text.chars() {
        if may_begin && BEGINS_FORMULA.contains(&character) {
            written.push('\'');
        }
        written.push(character);
        let is_separator = matches!(character, ',' | ';' | '\t' | '\r' | '\n');
        may_begin = is_separator || (may_begin && matches!(character, '"' | ' '));
    }
    written
}

/// Lines of CSV.
pub(crate) fn lines<'a>(rows: impl IntoIterator<Item = &'a Vec<String>>) -> Result<Vec<u8>, WorkError> {
    let unwritable = |error: csv::Error| WorkError::Poison(format!("a row cannot be written: {error}"));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(unwritable)?;
    }
    writer.into_inner().map_err(|error| WorkError::Poison(error.to_string()))
}

fn limit(limit: u16) -> Result<Limit, PortError> {
    Limit::new(limit.into())
        .map_err(|invalid| PortError::caused_by(ports::PortErrorKind::Rejected, "read a page", invalid))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, WorkError> {
    text.parse().map_err(|_| WorkError::Poison("a checkpoint cannot be read".to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_text_becomes_a_formula() {
        for (given, written) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("＝1", "'＝1"),
            ("Tea = good", "Tea = good"),
            ("Tea;=1+cmd|' /C calc'!A0", "Tea;'=1+cmd|' /C calc'!A0"),
            ("Tea; \"@SUM\"", "Tea; \"'@SUM\""),
            ("a\t=1", "a\t'=1"),
            ("Tea, 3 - 2", "Tea, 3 - 2"),
            ("", ""),
        ] {
            assert_eq!(text(given), written);
        }
    }

    proptest! {
        /// However its reader separates cells, and whatever becomes of quotes.
        #[test]
        fn no_cell_of_a_text_begins_a_formula(given in "([;,\t\r\n\"' a=+@-]|[＝＋－＠]){0,12}") {
            let written = lines([&vec!["pay".to_owned(), text(&given)]]).expect("written");
            let written = String::from_utf8(written).expect("UTF-8");
            let separators: [&[char]; 4] = [&[','], &[';'], &['\t'], &[',', ';', '\t']];
            for separators in separators {
                let lines = written.trim_end_matches("\r\n").split("\r\n").flat_map(|line| line.split('\n'));
                for cell in lines.flat_map(|line| line.split(separators)) {
                    let begins = cell.trim_start_matches(['"', ' ']);
                    prop_assert!(!begins.starts_with(BEGINS_FORMULA), "{cell:?} of {written:?}");
                }
            }
        }
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let rows = [vec!["a".to_owned(), "b, \"c\"\nd".to_owned()], vec!["Grüße".to_owned(), String::new()]];
        let written = lines(&rows).expect("written");
        assert_eq!(String::from_utf8(written).expect("UTF-8"), "a,\"b, \"\"c\"\"\nd\"\r\nGrüße,\r\n");
    }
}
