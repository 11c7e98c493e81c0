//! What the front door checks of an order, in Kite's words (reference §7.1–7.3, §7.7).
//!
//! These are refusals at once; they leave no row. Funds and shares are checked later and reject a row.

use crate::board::Board;
use crate::cover_range::{BAND, OPTION_BAND, range};
use crate::listing::Listing;
use crate::order::PlaceOrder;
use crate::protection;
use crate::refusal::Refusal;
use market::{OrderKind, OrderRequest, Price, Product, Side, Validity, Variety, Venue};

const LONGEST_TAG: usize = 20;
const SHORTEST_DISCLOSED_PERCENT: u64 = 10;
pub(crate) const READ_MORE: &str = "[Read more.](https://support.zerodha.com/category/trading-and-markets)";

/// Checks a new order from front to back; the first fault counts.
pub(crate) fn check(order: &PlaceOrder, listing: &Listing, board: &Board) -> Result<(), Refusal> {
    let request = &order.request;
    if order.tag.as_ref().is_some_and(|tag| tag.chars().count() > LONGEST_TAG) {
        return Err(Refusal::input("Invalid `tag`. It should be a maximum of 20 characters."));
    }
    if !listing.instrument.kind.is_tradable() {
        return Err(Refusal::input("Index instruments cannot be traded."));
    }
    check_product(request.product, listing)?;
    check_quantity(request.quantity, listing)?;
    check_disclosed(order.disclosed_quantity, request.quantity, listing)?;
    check_prices(request, listing, board)?;
    check_variety(order)
}

/// Checks the prices of a new or changed order.
pub(crate) fn check_prices(request: &OrderRequest, listing: &Listing, board: &Board) -> Result<(), Refusal> {
    protection::check(request.kind, request.market_protection)?;
    if request.kind.needs_price() {
        check_tick("price", "price", request.price, listing.instrument.tick_size)?;
        check_circuit(request.price, board)?;
    }
    if request.kind.needs_trigger() {
        check_tick("trigger_price", "trigger price", request.trigger, listing.instrument.tick_size)?;
        check_trigger_circuit(request.side, request.trigger, board)?;
    }
    if request.variety == Variety::Co && !request.kind.needs_trigger() {
        check_cover_trigger(request, listing, board)?;
    }
    check_stop(request)
}

/// Which desk takes what: what each of them refuses of the order's type, product and life.
/// Checks what a desk takes of a new or changed order.
pub(crate) fn check_variety(order: &PlaceOrder) -> Result<(), Refusal> {
    let request = &order.request;
    if request.validity == Validity::Ioc && request.symbol.venue() == Venue::Mcx {
        return Err(Refusal::input("Invalid `validity`. IOC orders are not allowed on MCX through the API."));
    }
    let lives_on = order.ttl_minutes.is_some();
    match request.variety {
        Variety::Regular | Variety::Amo => Ok(()),
        Variety::Iceberg if request.validity == Validity::Ioc => {
            Err(Refusal::input("Invalid `validity`. Iceberg orders are DAY or TTL."))
        }
        Variety::Iceberg => Ok(()),
        Variety::Co if request.product != Product::Mis => {
            Err(Refusal::input("Invalid `product`. Cover orders are placed as MIS."))
        }
        Variety::Co if request.kind.needs_trigger() => Err(Refusal::input(
            "Invalid `order_type`. Cover orders are LIMIT or MARKET; `trigger_price` is the stop of their second leg.",
        )),
        Variety::Co if request.validity == Validity::Ioc || lives_on => {
            Err(Refusal::input("Invalid `validity`. Cover orders are DAY."))
        }
        Variety::Co if order.disclosed_quantity > 0 => {
            Err(Refusal::input("Disclosed quantity is not allowed for cover orders."))
        }
        Variety::Co => Ok(()),
        Variety::Auction if request.product != Product::Cnc || request.side != Side::Sell => {
            Err(Refusal::input(
                "Only holdings can be offered in an auction: place a CNC order with transaction_type SELL.",
            ))
        }
        Variety::Auction if request.kind != OrderKind::Limit => {
            Err(Refusal::input("Invalid `order_type`. Auction orders are LIMIT."))
        }
        Variety::Auction if request.validity == Validity::Ioc || lives_on => {
            Err(Refusal::input("Invalid `validity`. Auction orders are DAY."))
        }
        Variety::Auction if order.disclosed_quantity > 0 => {
            Err(Refusal::input("Disclosed quantity is not allowed for auction orders."))
        }
        Variety::Auction => Ok(()),
    }
}

/// The stop of a cover order lies on the losing side of its price, and not too far from it.
fn check_cover_trigger(request: &OrderRequest, listing: &Listing, board: &Board) -> Result<(), Refusal> {
    if request.trigger == Price::ZERO {
        return Err(Refusal::input("Missing or empty field `trigger_price`"));
    }
    check_tick("trigger_price", "trigger price", request.trigger, listing.instrument.tick_size)?;
    let (price, words) = if request.kind == OrderKind::Limit {
        (request.price, "limit price")
    } else {
        (board.last, "last traded price")
    };
    let wrong = match request.side {
        Side::Buy if request.trigger >= price => "buy orders should be lower",
        Side::Sell if request.trigger <= price => "sell orders should be higher",
        Side::Buy | Side::Sell => {
            let band = if listing.instrument.kind.is_option() { OPTION_BAND } else { BAND };
            let (lower, upper) = range(request.side, price, band);
            if (lower..=upper).contains(&request.trigger) {
                return Ok(());
            }
            return Err(Refusal::input(format!(
                "Trigger price for cover orders should be between {lower} and {upper}. {READ_MORE}"
            )));
        }
    };
    Err(Refusal::input(format!("Trigger price for cover {wrong} than the {words} ({price}). {READ_MORE}")))
}

/// Products exist on some venues only.
pub(crate) fn check_product(product: Product, listing: &Listing) -> Result<(), Refusal> {
    let venue = listing.instrument.symbol.venue();
    let wrong = match product {
        Product::Cnc | Product::Mtf => venue.is_derivatives(),
        Product::Nrml => !venue.is_derivatives(),
        Product::Mis => false,
    };
    if wrong {
        return Err(Refusal::input(format!("Invalid `product`. {product} is not allowed on {venue}.")));
    }
    Ok(())
}

/// Whole lots, at least one.
pub(crate) fn check_quantity(quantity: u32, listing: &Listing) -> Result<(), Refusal> {
    let lot_size = listing.instrument.lot_size;
    if quantity == 0 {
        return Err(Refusal::input("Invalid `quantity`. It should be greater than 0."));
    }
    if !quantity.is_multiple_of(lot_size) {
        return Err(Refusal::input(format!("Quantity should be in multiples of the lot size {lot_size}.")));
    }
    Ok(())
}

/// A part of the whole that the book may show, on NSE cash alone.
pub(crate) fn check_disclosed(disclosed: u32, quantity: u32, listing: &Listing) -> Result<(), Refusal> {
    if disclosed == 0 {
        return Ok(());
    }
    if listing.instrument.symbol.venue() != Venue::Nse {
        return Err(Refusal::input("Disclosed quantity is not allowed for this segment."));
    }
    if u64::from(disclosed) * 100 < u64::from(quantity) * SHORTEST_DISCLOSED_PERCENT || disclosed > quantity {
        return Err(Refusal::input(
            "Disclosed quantity should be at least 10% of the order quantity and not more than it.",
        ));
    }
    Ok(())
}

/// A price on the tick.
pub(crate) fn check_tick(field: &str, words: &str, price: Price, tick_size: Price) -> Result<(), Refusal> {
    if price <= Price::ZERO {
        return Err(Refusal::input(format!("Invalid `{field}`. It should be greater than 0.")));
    }
    if !price.is_multiple_of(tick_size) {
        return Err(Refusal::input(format!(
            "Tick size for this script is {tick_size}. Kindly enter {words} in the multiple of tick size for this script"
        )));
    }
    Ok(())
}

fn check_circuit(price: Price, board: &Board) -> Result<(), Refusal> {
    let (words, limit) = if price < board.lower {
        ("lower than the current lower", board.lower)
    } else if price > board.upper {
        ("higher than the current upper", board.upper)
    } else {
        return Ok(());
    };
    Err(Refusal::input(format!(
        "Your order price is {words} circuit limit of {limit}. Place an order within the daily range."
    )))
}

fn check_trigger_circuit(side: Side, trigger: Price, board: &Board) -> Result<(), Refusal> {
    let message = match side {
        Side::Buy if trigger > board.upper => format!(
            "Trigger price for stoploss buy orders cannot be above the upper circuit price. Please try placing the order with trigger price below {}. {READ_MORE}",
            board.upper
        ),
        Side::Sell if trigger < board.lower => format!(
            "Trigger price for stoploss sell orders cannot be below the lower circuit price. Please try placing the order with trigger price above {}. {READ_MORE}",
            board.lower
        ),
        Side::Buy | Side::Sell => return Ok(()),
    };
    Err(Refusal::input(message))
}

fn check_stop(request: &OrderRequest) -> Result<(), Refusal> {
    if request.kind != OrderKind::Stop {
        return Ok(());
    }
    match request.side {
        Side::Buy if request.price < request.trigger => Err(Refusal::input(
            "Trigger price for stoploss buy orders cannot be higher than the limit price.",
        )),
        Side::Sell if request.price > request.trigger => Err(Refusal::input(
            "Trigger price for stoploss sell orders cannot be lower than the limit price.",
        )),
        Side::Buy | Side::Sell => Ok(()),
    }
}

/// A trigger lies on the far side of the last price.
pub(crate) fn check_trigger_side(
    side: Side,
    kind: OrderKind,
    trigger: Price,
    last: Price,
) -> Result<(), Refusal> {
    if !kind.needs_trigger() {
        return Ok(());
    }
    let words = match side {
        Side::Buy if trigger <= last => "buy orders should be higher",
        Side::Sell if trigger >= last => "sell orders should be lower",
        Side::Buy | Side::Sell => return Ok(()),
    };
    Err(Refusal::input(format!(
        "Trigger price for stoploss {words} than the last traded price ({last}). {READ_MORE}"
    )))
}
