//! D11: other resources beside their ids, to a depth of two, for those who may read them.

use coffer_simulation::{Answer, Ask, Furniture, World};
use domain::access::{Caller, Grant};
use memory::Fault;
use ports::clock::Clock as _;
use serde_json::{Value, json};

struct Shop {
    world: World,
    furniture: Furniture,
}

impl Shop {
    fn new() -> Self {
        let world = World::new();
        let furniture = Furniture::of(&world, "tea");
        Self { world, furniture }
    }

    fn read(&self, caller: &Caller, path: &str, expand: &[&str]) -> Answer {
        let ask = Ask::get(path).by(caller);
        self.world.call(expand.iter().fold(ask, |ask, path| ask.query("expand[]", path)))
    }

    fn expanded(&self, path: &str, expand: &[&str]) -> Value {
        self.read(self.furniture.owner(), path, expand).ok(200).json
    }

    fn payment_path(&self) -> String {
        format!("/v1/payments/{}", self.furniture.payment)
    }

    fn refunds_path(&self) -> String {
        format!("{}/refunds", self.payment_path())
    }

    fn plain(&self, path: &str) -> Value {
        self.expanded(path, &[])
    }
}

/// The object with one more member.
fn with(object: &Value, name: &str, value: &Value) -> Value {
    let mut object = object.clone();
    object[name] = value.clone();
    object
}

#[test]
fn d11_a_payment_shows_its_order_beside_its_id_from_the_table_and_from_the_cache() {
    let shop = Shop::new();
    let order = shop.plain(&format!("/v1/orders/{}", shop.furniture.paid_order));
    let payment = shop.plain(&shop.payment_path());
    for is_cached in [true, false] {
        if !is_cached {
            shop.world.cache.flush();
        }
        let answer = shop.read(shop.furniture.owner(), &shop.payment_path(), &["order"]).ok(200);
        assert_eq!((answer.cache.hit, &answer.json), (is_cached, &with(&payment, "order", &order)));
        assert_eq!(answer.header("etag"), None, "it is of more than one resource");
    }
    assert_eq!(shop.plain(&shop.payment_path()), payment, "the cache has the payment alone");
}

#[test]
fn d11_a_payment_of_no_order_shows_none() {
    let shop = Shop::new();
    let payment = shop.world.pay(shop.furniture.owner(), None, 5, "tok_success").id();
    let shown = shop.expanded(&format!("/v1/payments/{payment}"), &["order"]);
    assert_eq!((&shown["order_id"], &shown["order"]), (&json!(null), &json!(null)));
    assert!(shown.as_object().is_some_and(|shown| shown.contains_key("order")));
}

#[test]
fn d11_a_list_shows_each_item_s_own() {
    let shop = Shop::new();
    let owner = shop.furniture.owner();
    let orders = [shop.world.order(owner, 7).ok(201), shop.world.order(owner, 8).ok(201)];
    for order in &orders {
        shop.world.pay(owner, Some(&order.id()), 5, "tok_success");
    }
    shop.world.pay(owner, None, 5, "tok_success");
    let plain = shop.plain("/v1/payments");
    let shown = shop.expanded("/v1/payments", &["order"]);
    let items = shown["data"].as_array().expect("a page");
    assert!(items.len() >= 4, "{shown}");
    for (item, plain) in items.iter().zip(plain["data"].as_array().expect("a page")) {
        let order = match item["order_id"].as_str() {
            Some(id) => shop.plain(&format!("/v1/orders/{id}")),
            None => Value::Null,
        };
        assert_eq!(*item, with(plain, "order", &order));
    }
}

#[test]
fn d11_a_next_page_is_linked_with_what_is_expanded() {
    let shop = Shop::new();
    shop.world.pay(shop.furniture.owner(), None, 5, "tok_success");
    let ask = Ask::get("/v1/payments").by(shop.furniture.owner()).query("limit", "1").query("expand[]", "order");
    let page = shop.world.call(ask).ok(200);
    let link = page.header("link").expect("a next page");
    assert!(link.contains("expand%5B%5D=order&"), "{link}");
}

#[test]
fn d11_refunds_show_their_payment_and_its_order() {
    let shop = Shop::new();
    let order = shop.plain(&format!("/v1/orders/{}", shop.furniture.paid_order));
    let payment = shop.plain(&shop.payment_path());
    let refund = shop.plain(&shop.refunds_path())["data"][0].clone();
    let deep = with(&payment, "order", &order);
    for (expand, expected) in [
        (vec!["payment"], with(&refund, "payment", &payment)),
        (vec!["order"], with(&refund, "order", &order)),
        (vec!["payment.order"], with(&refund, "payment", &deep)),
        (vec!["payment", "payment.order"], with(&refund, "payment", &deep)),
        (vec!["payment", "order"], with(&with(&refund, "order", &order), "payment", &payment)),
        (vec!["payment.order", "order"], with(&with(&refund, "order", &order), "payment", &deep)),
    ] {
        assert_eq!(shop.expanded(&shop.refunds_path(), &expand)["data"], json!([expected]), "{expand:?}");
    }
}

#[test]
fn d11_what_cannot_be_expanded_is_refused_by_name() {
    let shop = Shop::new();
    let owner = shop.furniture.owner();
    let order = format!("/v1/orders/{}", shop.furniture.paid_order);
    let (payment, refunds) = (shop.payment_path(), shop.refunds_path());
    for (path, expand, code) in [
        (payment.as_str(), vec!["customer"], "unknown_value"),
        (payment.as_str(), vec![""], "unknown_value"),
        (payment.as_str(), vec!["order.payments"], "unknown_value"),
        (payment.as_str(), vec!["order"; 5], "invalid_length"),
        ("/v1/payments", vec!["payment"], "unknown_value"),
        (refunds.as_str(), vec!["payment.order.customer"], "unknown_value"),
        (order.as_str(), vec!["payments"], "unknown_parameter"),
    ] {
        let refused = shop.read(owner, path, &expand).refused(400, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "expand[]", "{path} with {expand:?}");
        assert_eq!(refused.text("/errors/0/code"), code, "{path} with {expand:?}");
        if code == "unknown_value" {
            assert!(refused.text("/errors/0/detail").starts_with(&format!("{:?} ", expand[0])), "{}", refused.body);
        }
    }
}

/// A machine that may read payments alone sees no order through them.
#[test]
fn d11_what_the_caller_may_not_read_is_not_shown() {
    let shop = Shop::new();
    let machine = |scopes: &[&str]| Caller {
        grant: Grant::Scopes(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        issued_at_seconds: shop.world.clock.now().as_seconds(),
        ..shop.furniture.owner().clone()
    };
    let (payments, both) = (machine(&["payments:read"]), machine(&["payments:read", "orders:read"]));
    let (payment, refunds) = (shop.payment_path(), shop.refunds_path());
    for (path, expand) in [
        (payment.as_str(), "order"),
        ("/v1/payments", "order"),
        (refunds.as_str(), "order"),
        (refunds.as_str(), "payment.order"),
    ] {
        let refused = shop.read(&payments, path, &[expand]).refused(403, "forbidden");
        assert!(refused.text("/detail").contains("orders:read"), "{}", refused.body);
        shop.read(&both, path, &[expand]).ok(200);
    }
    shop.read(&payments, &refunds, &["payment"]).ok(200);
}

/// Nothing is shown by half: what cannot be read now is asked for again.
#[test]
fn d11_an_order_that_cannot_be_read_is_an_error_and_no_null() {
    let shop = Shop::new();
    shop.world.faults.fail("orders.get_many", 1, Fault::Unavailable);
    shop.read(shop.furniture.owner(), &shop.payment_path(), &["order"]).refused(503, "unavailable");
}
