//! Orders: checked here as far as the instrument tells, numbered, and left as intents for others to decide about.

use crate::bindings::bulkhead::strategy::broker::{self, Host, RequestError as Refused};
use crate::bindings::bulkhead::strategy::types::Order;
use crate::convert;
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
            let id = self.view.orders.place(&request);
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
        let instrument = self.view.instrument(&symbol).ok_or(RequestError::UnknownInstrument { symbol })?;
        let standing = OrderRequest {
            kind: order.kind,
            price: order.price,
            trigger: order.trigger,
            product: order.product,
            ..OrderRequest::market(order.symbol.clone(), order.side, order.quantity)
        };
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

/// Market protection is −1 or a positive share; it means something for market and SL-M orders alone.
fn check_protection(request: &OrderRequest) -> Result<(), RequestError> {
    let given = request.market_protection;
    let fine = match request.kind {
        OrderKind::Market | OrderKind::StopMarket => {
            given == PROTECTION_AUTOMATIC || (1..=PROTECTION_MAX).contains(&given)
        }
        OrderKind::Limit | OrderKind::Stop => true,
    };
    if fine {
        return Ok(());
    }
    let reason =
        format!("market protection {given} must be -1 (automatic) or 1 to {PROTECTION_MAX} (1/100 %)");
    Err(RequestError::InvalidCombination { reason })
}
