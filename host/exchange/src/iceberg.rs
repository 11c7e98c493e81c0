//! What follows a fill: the next leg of an iceberg order, of which one stands at a time, and the stop of a cover order.

use crate::desk::Entry;
use crate::exchange::Exchange;
use crate::order::{Iceberg, Order, PlaceOrder};
use market::{OrderKind, OrderRequest};

impl Exchange {
    /// Legs that were filled are followed by the next ones, cover orders by their stops.
    pub(crate) fn place_next_legs(&mut self) {
        while let Some(index) = self.filled_legs.pop() {
            if self.desk.entries[index].order.is_first_leg() {
                self.cover(index);
                continue;
            }
            let entry = &self.desk.entries[index];
            let Some((iceberg, quantity)) = entry.order.iceberg.and_then(Iceberg::next) else { continue };
            let (user, command) = (entry.order.user_id.clone(), next_leg(entry, quantity));
            // Refused where the market has closed or left the price behind: the order ends with the legs that went out.
            let _ = self.place_leg(&user, command, Some(iceberg));
        }
    }
}

fn next_leg(entry: &Entry, quantity: u32) -> PlaceOrder {
    let order: &Order = &entry.order;
    let by_market = order.tags.iter().any(|tag| tag == "mktp");
    let request = OrderRequest {
        quantity,
        kind: if by_market { OrderKind::Market } else { OrderKind::Limit },
        ..order.request(entry.protection)
    };
    PlaceOrder {
        tag: order.tag.clone(),
        ttl_minutes: Some(order.validity_ttl).filter(|minutes| *minutes > 0),
        disclosed_quantity: order.disclosed_quantity.min(quantity),
        ..PlaceOrder::new(request)
    }
}
