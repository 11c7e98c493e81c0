//! What the host checks of a request before anything leaves, in the host's own words: pure over the instrument.

use super::book::Book;
use crate::amounts::Price;
use crate::market_data::{Instrument, InstrumentKind};
use crate::order::{Change, Order, OrderError, OrderKind, OrderRequest, OrderStatus, Product, Side};

/// The widest market protection, in 1/100 percent.
const PROTECTION_MAX: i32 = 10_000;
const PROTECTION_AUTOMATIC: i32 = -1;

impl Book {
    pub(super) fn check(&self, request: &OrderRequest) -> Result<(), OrderError> {
        let symbol = &request.symbol;
        let instrument = self.find(symbol).ok_or_else(|| unknown(symbol))?;
        check_request(request, instrument)
    }

    pub(super) fn check_change(&self, order: &Order, change: &Change) -> Result<(), OrderError> {
        let symbol = &order.symbol;
        let instrument = self.find(symbol).ok_or_else(|| unknown(symbol))?;
        check_request(&changed(order, change)?, instrument)
    }
}

fn unknown(symbol: &str) -> OrderError {
    OrderError::UnknownInstrument(format!(
        "{symbol} is not among the run's instruments: declare it in the manifest or as an instrument parameter"
    ))
}

fn check_request(request: &OrderRequest, instrument: &Instrument) -> Result<(), OrderError> {
    check_protection(request)?;
    if instrument.kind == InstrumentKind::Index {
        let text = format!("{} is an index and cannot be traded", request.symbol);
        return Err(OrderError::NotTradable(text));
    }
    let (quantity, lot_size) = (request.quantity.get(), instrument.lot_size.max(1));
    if quantity == 0 || !quantity.is_multiple_of(lot_size) {
        let text = format!("quantity {quantity} must be a positive multiple of the lot size {lot_size}");
        return Err(OrderError::InvalidQuantity(text));
    }
    let (price, trigger) = needs(request.kind);
    check_price(instrument, "price", request.price, price)?;
    check_price(instrument, "trigger", request.trigger, trigger)?;
    check_stop(request)?;
    check_product(request)
}

/// Whether a kind takes a price, and whether it takes a trigger.
fn needs(kind: OrderKind) -> (bool, bool) {
    match kind {
        OrderKind::Market => (false, false),
        OrderKind::Limit => (true, false),
        OrderKind::Stop => (true, true),
        OrderKind::StopMarket => (false, true),
    }
}

fn check_protection(request: &OrderRequest) -> Result<(), OrderError> {
    let given = request.market_protection;
    let fits = given == PROTECTION_AUTOMATIC || (1..=PROTECTION_MAX).contains(&given);
    let fine = match request.kind {
        OrderKind::Market | OrderKind::StopMarket => fits,
        OrderKind::Limit | OrderKind::Stop => fits || given == 0,
    };
    if fine {
        return Ok(());
    }
    Err(combination(format!(
        "market protection {given} must be -1 (automatic) or 1 to {PROTECTION_MAX} (1/100 %)"
    )))
}

fn check_price(instrument: &Instrument, field: &str, price: Price, needed: bool) -> Result<(), OrderError> {
    let tick_size = instrument.tick_size;
    if !needed && !price.is_zero() {
        return Err(combination(format!("this order type takes no {field}")));
    }
    if needed && (price <= Price::ZERO || price.round_to(tick_size) != price) {
        let text = format!("{field} {price} must be a positive multiple of the tick size {tick_size}");
        return Err(OrderError::InvalidPrice(text));
    }
    Ok(())
}

/// A stop order's limit may not lie on the wrong side of its trigger.
fn check_stop(request: &OrderRequest) -> Result<(), OrderError> {
    let crossed = match request.side {
        Side::Buy => request.price < request.trigger,
        Side::Sell => request.price > request.trigger,
    };
    if request.kind == OrderKind::Stop && crossed {
        return Err(combination("a stop order's price must be at or beyond its trigger".to_owned()));
    }
    Ok(())
}

fn check_product(request: &OrderRequest) -> Result<(), OrderError> {
    let exchange = request.symbol.split(':').next().unwrap_or_default();
    let derivatives = !matches!(exchange, "NSE" | "BSE");
    let (wrong, product) = match request.product {
        Product::Cnc => (derivatives, "CNC"),
        Product::Mtf => (derivatives, "MTF"),
        Product::Nrml => (!derivatives, "NRML"),
        Product::Mis => (false, "MIS"),
    };
    if wrong {
        return Err(combination(format!("product {product} does not exist on {exchange}")));
    }
    Ok(())
}

/// The order as it would be after the change, as far as that is still to be decided.
fn changed(order: &Order, change: &Change) -> Result<OrderRequest, OrderError> {
    if let Some(quantity) = change.quantity.filter(|quantity| *quantity <= order.filled) {
        let filled = order.filled;
        return Err(combination(format!(
            "quantity {quantity} is the new total and must be above the {filled} that have traded"
        )));
    }
    let kind = change.kind.unwrap_or(order.kind);
    let (price, trigger) = needs(kind);
    // A trigger that was touched counts no more: what is left is a limit order.
    let woken = kind == OrderKind::Stop
        && matches!(order.status, OrderStatus::Open | OrderStatus::Partial)
        && change.kind.is_none();
    let standing = |needed: bool, given: Option<Price>, before: Price| {
        given.unwrap_or(if needed { before } else { Price::ZERO })
    };
    let trigger = standing(trigger && !woken, change.trigger, order.trigger);
    Ok(OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: change.quantity.unwrap_or(order.quantity),
        kind: if woken { OrderKind::Limit } else { kind },
        price: standing(price, change.price, order.price),
        trigger,
        product: order.product,
        validity: change.validity.unwrap_or(order.validity),
        market_protection: order.market_protection,
    })
}

fn combination(text: String) -> OrderError {
    OrderError::InvalidCombination(text)
}
