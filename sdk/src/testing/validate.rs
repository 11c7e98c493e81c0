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
        if let Some(quantity) = change.quantity.filter(|quantity| *quantity <= order.filled) {
            let filled = order.filled;
            return Err(combination(format!(
                "quantity {quantity} is the new total and must be above the {filled} that have traded"
            )));
        }
        let standing = standing(order);
        check_sense(&standing, change)?;
        check_request(&applied(standing, change), instrument)
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
pub(super) fn needs(kind: OrderKind) -> (bool, bool) {
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

/// The order as the exchange holds it. A stop whose trigger was touched is a limit order from then on.
fn standing(order: &Order) -> OrderRequest {
    let woken =
        order.kind == OrderKind::Stop && matches!(order.status, OrderStatus::Open | OrderStatus::Partial);
    OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: if woken { OrderKind::Limit } else { order.kind },
        price: order.price,
        trigger: if woken { Price::ZERO } else { order.trigger },
        product: order.product,
        validity: order.validity,
        market_protection: order.market_protection,
    }
}

/// Whether the change makes sense for the order that stands.
fn check_sense(order: &OrderRequest, change: &Change) -> Result<(), OrderError> {
    if *change == Change::default() {
        let text = "the change names nothing to change: give a quantity, price, trigger or order type";
        return Err(combination(text.to_owned()));
    }
    let kind = change.kind.unwrap_or(order.kind);
    let ((price, trigger), (_, had_trigger)) = (needs(kind), needs(order.kind));
    if trigger && !had_trigger {
        let kind = word(order.kind);
        let text = format!("a {kind} order cannot become a stop order: cancel it and place a new one");
        return Err(combination(text));
    }
    let kind = word(kind);
    if change.price.is_some() && !price {
        let text = format!("a {kind} order takes no price: name LIMIT as the new order type with it");
        return Err(combination(text));
    }
    if change.trigger.is_some() && !trigger {
        return Err(combination(format!("a {kind} order takes no trigger: leave it out")));
    }
    Ok(())
}

/// The order as it shall be. What turns into a market order gets the exchange's own band where it had none.
fn applied(order: OrderRequest, change: &Change) -> OrderRequest {
    let kind = change.kind.unwrap_or(order.kind);
    let (price, trigger) = needs(kind);
    let unprotected = !price && order.market_protection == 0;
    OrderRequest {
        kind,
        quantity: change.quantity.unwrap_or(order.quantity),
        price: if price { change.price.unwrap_or(order.price) } else { Price::ZERO },
        trigger: if trigger { change.trigger.unwrap_or(order.trigger) } else { Price::ZERO },
        validity: change.validity.unwrap_or(order.validity),
        market_protection: if unprotected { PROTECTION_AUTOMATIC } else { order.market_protection },
        ..order
    }
}

/// Kite's word for a kind.
fn word(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => "MARKET",
        OrderKind::Limit => "LIMIT",
        OrderKind::Stop => "SL",
        OrderKind::StopMarket => "SL-M",
    }
}

fn combination(text: String) -> OrderError {
    OrderError::InvalidCombination(text)
}
