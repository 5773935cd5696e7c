//! Pages, of every list there is.

use http_kit::Route;
use http_kit::routes::ALL;

use crate::support::{TestApp, id};

fn lists() -> impl Iterator<Item = &'static Route> {
    let of_a_list = ["-list", "-entries", "-refused", "-files"];
    ALL.iter().filter(move |route| of_a_list.iter().any(|end| route.function.ends_with(end)))
}

// D9: 1 to 100 items, a cursor of this list, and no parameter that is not known.
#[tokio::test]
#[ignore = "needs the running stack: cargo xtask test"]
async fn limits_and_cursors() {
    let app = TestApp::start().await;
    let shop = app.sign_up().await;
    let (order, payment) = shop.paid_order(100).await;
    for route in lists() {
        let path = route.path.trim_start_matches("/v1");
        let path = match path.split('/').nth(1) {
            Some("payments") => path.replace("{id}", id(&payment)),
            Some("orders") => path.replace("{id}", id(&order)),
            _ => path.replace("{id}", "acc_merchant_eur"),
        };
        for (query, fault) in [
            ("limit=0", "limit out_of_range"),
            ("limit=101", "limit out_of_range"),
            ("limit=-1", "limit out_of_range"),
            ("limit=ten", "limit not_an_integer"),
            ("limit=1.5", "limit not_an_integer"),
            ("limit=1&limit=2", "limit repeated"),
            ("cursor=ten_01m7z21wcwfb09peqcqcw21n8d", "cursor invalid_cursor"),
            ("cursor=", "cursor invalid_cursor"),
            ("color=red", "color unknown_parameter"),
        ] {
            assert_eq!(shop.get(format!("{path}?{query}")).await.faults(), [fault], "{}", route.function);
        }
        for limit in [1, 100] {
            let page = shop.get(format!("{path}?limit={limit}")).await;
            let items = page.ok(200)["data"].as_array().map(Vec::len);
            assert!(items.is_some_and(|items| items <= limit), "{page}");
        }
    }
}
