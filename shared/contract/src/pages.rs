//! Reading a list to its end, page by page, and what holds for every list.

use std::fmt::Debug;

use domain::page::{Limit, Page, PageRequest};
use ports::PortError;

const PAGES_MAX: usize = 1_000;

pub(crate) fn limit(limit: i64) -> Limit {
    Limit::new(limit).expect("a limit from 1 to 100")
}

/// All pages of at most `items` items. Fails when a page is longer than asked for or the list does not end.
pub(crate) async fn all<T, Id>(
    items: i64,
    mut page: impl AsyncFnMut(PageRequest<Id>) -> Result<Page<T, Id>, PortError>,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = page(PageRequest { limit: limit(items), after }).await.expect("a list is read");
        assert!(page.items.len() <= limit(items).get(), "a page holds {} items of at most {items}", page.items.len());
        found.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
    panic!("a list had not ended after {PAGES_MAX} pages")
}

/// What a reader of pages of two sees while `arrive` writes something newer after every page.
pub(crate) async fn all_while<T, Id>(
    mut page: impl AsyncFnMut(PageRequest<Id>) -> Result<Page<T, Id>, PortError>,
    mut arrive: impl AsyncFnMut(),
) -> Vec<T> {
    all(2, async |request| {
        let page = page(request).await;
        arrive().await;
        page
    })
    .await
}

/// That the list, read with pages of any of the sizes, holds exactly `expected` in its order.
pub(crate) async fn assert_lists<T: Debug + PartialEq, Id>(
    what: &str,
    expected: &[T],
    mut page: impl AsyncFnMut(PageRequest<Id>) -> Result<Page<T, Id>, PortError>,
) {
    for items in [1, 3, 100] {
        let found = all(items, &mut page).await;
        assert_eq!(found, expected, "{what}, read by pages of {items}");
    }
}
