//! Orders: checked here as far as the instrument tells, numbered, and left as intents for others to decide about.

use crate::bindings::bulkhead::strategy::broker::{self, Host, RequestError as Refused};
use crate::bindings::bulkhead::strategy::types::Order;
use crate::convert;
use crate::event::{GuestOrderStatus, OrderView};
use crate::machine::Desk;
use crate::step::Trace;
use market::{Change, Intent, OrderKind, OrderRequest, Price, RequestError, RunOrderId, Variety};

/// The widest market protection, in 1/100 percent.
const PROTECTION_MAX: i32 = 10_000;
const PROTECTION_AUTOMATIC: i32 = -1;

impl Host for Desk {
    fn place(&mut self, request: broker::OrderRequest) -> wasmtime::Result<Result<RunOrderId, Refused>> {
        self.traces.leave();
        let placed = self.check_place(&request).and_then(|request| {
            self.count_intent()?;
            let id = self.view.orders.place(&request, self.view.now());
            self.leave_intent(Intent::Place { id, request });
            Ok(id)
        });
        Ok(placed.map_err(|error| convert::request_error_out(&error)))
    }

    fn modify(&mut self, id: RunOrderId, change: broker::Change) -> wasmtime::Result<Result<(), Refused>> {
        self.traces.leave();
        let change = Change {
            quantity: change.quantity,
            price: change.price.map(Price::from_units),
            trigger: change.trigger.map(Price::from_units),
            kind: change.kind.map(convert::kind_in),
            validity: change.validity.map(convert::validity_in),
        };
        let modified = self.check_modify(id, &change).and_then(|()| {
            self.count_intent()?;
            self.leave_intent(Intent::Modify { id, change });
            Ok(())
        });
        Ok(modified.map_err(|error| convert::request_error_out(&error)))
    }

    fn cancel(&mut self, id: RunOrderId) -> wasmtime::Result<Result<(), Refused>> {
        self.traces.leave();
        let standing = self.view.orders.standing(id).map(|_| ()).ok_or(RequestError::UnknownOrder { id });
        let cancelled = standing.and_then(|()| {
            self.count_intent()?;
            self.leave_intent(Intent::Cancel { id });
            Ok(())
        });
        Ok(cancelled.map_err(|error| convert::request_error_out(&error)))
    }

    fn orders(&mut self) -> wasmtime::Result<Vec<Order>> {
        Ok(self.view.orders.all().map(convert::order_out).collect())
    }
}

impl Desk {
    fn check_place(&self, request: &broker::OrderRequest) -> Result<OrderRequest, RequestError> {
        if let Some((name, _)) = request.tags.first() {
            return Err(combination(format!("this host knows no order tag `{name}`: leave it out")));
        }
        let unknown = || RequestError::UnknownInstrument { symbol: request.symbol.clone() };
        let instrument = self.view.instrument(&request.symbol).ok_or_else(unknown)?;
        let request = OrderRequest {
            symbol: instrument.symbol.clone(),
            side: convert::side_in(request.side),
            quantity: request.quantity,
            kind: convert::kind_in(request.kind),
            price: Price::from_units(request.price),
            trigger: Price::from_units(request.trigger),
            product: convert::product_in(request.product),
            validity: convert::validity_in(request.validity),
            variety: Variety::Regular,
            market_protection: request.market_protection,
        };
        check_protection(&request)?;
        request.check(instrument)?;
        Ok(request)
    }

    fn check_modify(&self, id: RunOrderId, change: &Change) -> Result<(), RequestError> {
        let order = self.view.orders.standing(id).ok_or(RequestError::UnknownOrder { id })?;
        let symbol = order.symbol.to_string();
        let unknown = || RequestError::UnknownInstrument { symbol: symbol.clone() };
        let instrument = self.view.instrument(&symbol).ok_or_else(unknown)?;
        check_total(order, change)?;
        let standing = standing(order);
        change.check(&standing, instrument)
    }

    fn count_intent(&mut self) -> Result<(), RequestError> {
        self.traces.room_for_intent().map_err(|limit| RequestError::TooMany { limit })
    }

    fn leave_intent(&mut self, intent: Intent) {
        self.flush_output();
        self.traces.push(Trace::Intent(intent));
    }
}

/// Market protection is −1 or a positive share. Limit and SL orders need none until they are changed to market.
fn check_protection(request: &OrderRequest) -> Result<(), RequestError> {
    let given = request.market_protection;
    let fits = given == PROTECTION_AUTOMATIC || (1..=PROTECTION_MAX).contains(&given);
    let fine = match request.kind {
        OrderKind::Market | OrderKind::StopMarket => fits,
        OrderKind::Limit | OrderKind::Stop => fits || given == 0,
    };
    if fine {
        return Ok(());
    }
    let reason =
        format!("market protection {given} must be -1 (automatic) or 1 to {PROTECTION_MAX} (1/100 %)");
    Err(combination(reason))
}

/// The order as the exchange holds it. A stop whose trigger was touched is a limit order from then on.
fn standing(order: &OrderView) -> OrderRequest {
    let woken = order.kind == OrderKind::Stop
        && matches!(order.status, GuestOrderStatus::Open | GuestOrderStatus::Partial);
    OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: if woken { OrderKind::Limit } else { order.kind },
        price: order.price,
        trigger: if woken { Price::ZERO } else { order.trigger },
        product: order.product,
        validity: order.validity,
        variety: Variety::Regular,
        market_protection: order.market_protection,
    }
}

/// A new quantity is the new total, so what has traded is in it.
fn check_total(order: &OrderView, change: &Change) -> Result<(), RequestError> {
    match change.quantity.filter(|quantity| *quantity <= order.filled) {
        None => Ok(()),
        Some(quantity) => {
            let filled = order.filled;
            Err(combination(format!(
                "quantity {quantity} is the new total and must be above the {filled} that have traded"
            )))
        }
    }
}

fn combination(reason: String) -> RequestError {
    RequestError::InvalidCombination { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::bulkhead::strategy::types as wit;
    use crate::event::{OrderUpdate, Start};
    use crate::limits::Limits;
    use market::{Instrument, InstrumentKind, Timestamp};
    use std::sync::Arc;

    fn desk() -> Desk {
        let infy = Instrument {
            token: 1,
            symbol: "NSE:INFY".parse().unwrap(),
            name: "INFOSYS".to_owned(),
            kind: InstrumentKind::Equity,
            tick_size: Price::from_paise(5),
            lot_size: 1,
            expiry: None,
            strike: Price::ZERO,
        };
        let start = Start { instruments: vec![infy], now: Timestamp::from_seconds(7), ..Start::nothing() };
        Desk::new(start, &Arc::new(Limits::default()))
    }

    fn stop() -> broker::OrderRequest {
        broker::OrderRequest {
            symbol: "NSE:INFY".to_owned(),
            side: wit::Side::Sell,
            quantity: 10,
            kind: wit::OrderKind::Stop,
            price: Price::from_rupees(94).units(),
            trigger: Price::from_rupees(95).units(),
            product: wit::Product::Mis,
            validity: wit::Validity::Day,
            market_protection: 0,
            tags: Vec::new(),
        }
    }

    fn change() -> broker::Change {
        broker::Change { quantity: None, price: None, trigger: None, kind: None, validity: None }
    }

    fn refused<T: std::fmt::Debug>(answer: wasmtime::Result<Result<T, Refused>>) -> String {
        format!("{:?}", answer.unwrap().expect_err("it must be refused"))
    }

    #[test]
    fn a_request_with_a_tag_that_the_host_does_not_know_is_refused_and_not_sent_without_it() {
        let mut desk = desk();
        let tags = vec![("disclosed-quantity".to_owned(), "5".to_owned())];
        let said = refused(desk.place(broker::OrderRequest { tags, ..stop() }));
        assert!(said.contains("this host knows no order tag `disclosed-quantity`"), "{said}");
        assert!(desk.traces.take().is_empty());
    }

    #[test]
    fn an_order_tells_its_validity_protection_and_time() {
        let mut desk = desk();
        desk.place(broker::OrderRequest { validity: wit::Validity::Ioc, ..stop() }).unwrap().unwrap();
        let order = desk.orders().unwrap().remove(0);
        assert_eq!((order.market_protection, order.placed_at), (0, 7_000_000));
        assert!(matches!(order.validity, wit::Validity::Ioc));
    }

    #[test]
    fn a_change_is_checked_as_the_order_it_makes() {
        let mut desk = desk();
        let id = desk.place(stop()).unwrap().unwrap();
        let rupees = |rupees| Some(Price::from_rupees(rupees).units());
        let wrong = [
            (broker::Change { price: rupees(96), ..change() }, "at or beyond its trigger"),
            (broker::Change { price: Some(1), ..change() }, "tick size"),
            (broker::Change { quantity: Some(0), ..change() }, "must be above the 0 that have traded"),
            (
                broker::Change { kind: Some(wit::OrderKind::Limit), trigger: rupees(95), ..change() },
                "takes no trigger",
            ),
        ];
        for (change, words) in wrong {
            let said = refused(desk.modify(id, change));
            assert!(said.contains(words), "{said}");
        }
        // An order that had no protection gets the broker's own when it turns into one that needs it.
        let at_market = broker::Change { kind: Some(wit::OrderKind::StopMarket), ..change() };
        desk.modify(id, at_market).unwrap().unwrap();
        let fine = broker::Change { validity: Some(wit::Validity::Ioc), price: rupees(93), ..change() };
        desk.modify(id, fine).unwrap().unwrap();
        let intents = desk.traces.take();
        assert_eq!(intents.len(), 3, "the order and the two good changes: {intents:?}");
    }

    #[test]
    fn a_stop_that_has_woken_is_a_limit_order_and_a_new_total_is_above_what_has_traded() {
        let mut desk = desk();
        let id = desk.place(stop()).unwrap().unwrap();
        let standing = desk.view.orders.standing(id).unwrap().clone();
        let order = OrderView { status: GuestOrderStatus::Partial, filled: 4, ..standing };
        let (time, fill_price) = (Timestamp::from_seconds(8), Price::from_rupees(94));
        desk.view.take_order(&OrderUpdate { order, time, fill_quantity: 4, fill_price });
        let above = broker::Change { price: Some(Price::from_rupees(97).units()), ..change() };
        desk.modify(id, above).unwrap().unwrap();
        let said = refused(desk.modify(id, broker::Change { quantity: Some(4), ..change() }));
        assert!(
            said.contains("quantity 4 is the new total and must be above the 4 that have traded"),
            "{said}"
        );
    }
}
