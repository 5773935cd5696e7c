//! Reading orders.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::ids::{OrderId, TenantId};
use domain::order::Order;
use domain::page::{Page, PageRequest};
use ports::PortError;
use ports::commerce::{Consistency, OrderFilter, Orders};

use super::page::{by_id, newest_first, page};
use super::{CommerceTable, Store};

#[async_trait]
impl Orders for Store {
    async fn get(&self, tenant: TenantId, id: OrderId, consistency: Consistency) -> Result<Option<Order>, PortError> {
        let effect = |is_stale: bool| {
            let (table, place) = (self.commerce.get(), (tenant, id));
            let is_behind = is_stale && consistency == Consistency::Eventual;
            let before = table.orders_before.get(&place).filter(|_| is_behind);
            Ok(before.map_or_else(|| table.orders.get(&place).cloned(), Clone::clone))
        };
        self.faults.call_read("orders.get", effect).await
    }

    async fn get_many(
        &self,
        tenant: TenantId,
        ids: &BTreeSet<OrderId>,
        _: Consistency,
    ) -> Result<Vec<Order>, PortError> {
        let find = |table: &CommerceTable, id| table.orders.get(&(tenant, id)).cloned();
        self.get_batch("orders.get_many", &self.commerce, ids, find).await
    }

    async fn list(
        &self,
        tenant: TenantId,
        filter: &OrderFilter,
        request: PageRequest<OrderId>,
    ) -> Result<Page<Order, OrderId>, PortError> {
        let effect = || {
            let table = self.commerce.get();
            let found = newest_first(&table.orders, tenant).filter(|(_, order)| is_in_index(order, filter));
            let mut found = page(found, request, by_id);
            if filter.customer.is_some() {
                // The customers' index knows no states: a page of it is read first and sifted then.
                found.items.retain(|order| has_status(order, filter));
            }
            Ok(found)
        };
        self.faults.call("orders.list", effect).await
    }
}

fn is_in_index(order: &Order, filter: &OrderFilter) -> bool {
    let OrderFilter { status: _, customer, from, to } = filter;
    let of_customer = customer.as_ref().is_none_or(|email| order.customer.email == *email);
    let of_index = customer.is_some() || has_status(order, filter);
    let in_range = from.is_none_or(|from| from <= order.created_at) && to.is_none_or(|to| order.created_at < to);
    of_customer && of_index && in_range
}

fn has_status(order: &Order, filter: &OrderFilter) -> bool {
    filter.status.is_none_or(|status| order.status == status)
}
