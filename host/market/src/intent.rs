//! What a run asks for: place, modify, cancel.
//!
//! The checks here are pure over the instrument, so a guest gets their answer at once and the same answer always.
//! Whether an order is *allowed* (risk, session, hours) is decided by others.

use crate::instrument::{Instrument, Symbol};
use crate::order::{OrderKind, Product, Side, Validity, Variety};
use crate::price::Price;
use serde::{Deserialize, Serialize};

/// The run's own number for one of its orders: 1, 2, 3 … for the life of the run.
pub type RunOrderId = u64;

/// Market protection that lets the exchange pick the band.
const PROTECTION_AUTOMATIC: i32 = -1;

/// One wish of a run. It becomes an order once it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Intent {
    /// Send a new order.
    Place {
        /// The number the run was given for it.
        id: RunOrderId,
        /// What to send.
        request: OrderRequest,
    },
    /// Change an order that stands.
    Modify {
        /// Which one.
        id: RunOrderId,
        /// The new values.
        change: Change,
    },
    /// Withdraw an order that stands.
    Cancel {
        /// Which one.
        id: RunOrderId,
    },
}

/// A new order, as a strategy or a person words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRequest {
    /// What to trade.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// How many units (lots on MCX).
    pub quantity: u32,
    /// How the price is named.
    pub kind: OrderKind,
    /// Limit price; zero where the kind has none.
    pub price: Price,
    /// Trigger price; zero where the kind has none.
    pub trigger: Price,
    /// How the position is held.
    pub product: Product,
    /// How long the order stands.
    pub validity: Validity,
    /// The desk it goes to.
    pub variety: Variety,
    /// Market protection in 1/100 percent, −1 for automatic. Kite refuses MARKET and SL-M orders without it.
    pub market_protection: i32,
}

/// New values for a standing order; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The new *total* quantity, including what has traded.
    pub quantity: Option<u32>,
    /// The new limit price.
    pub price: Option<Price>,
    /// The new trigger price.
    pub trigger: Option<Price>,
    /// The new order type.
    pub kind: Option<OrderKind>,
    /// The new validity.
    #[serde(default)]
    pub validity: Option<Validity>,
}

/// What is wrong with a request, told to the guest at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", tag = "error")]
pub enum RequestError {
    /// No such instrument among those the run declared.
    #[error(
        "{symbol} is not among the run's instruments: declare it in the manifest or as an instrument parameter"
    )]
    UnknownInstrument {
        /// What was named.
        symbol: String,
    },
    /// An index cannot be traded.
    #[error("{symbol} is an index and cannot be traded")]
    NotTradable {
        /// What was named.
        symbol: String,
    },
    /// Zero, or not a whole number of lots.
    #[error("quantity {quantity} must be a positive multiple of the lot size {lot_size}")]
    InvalidQuantity {
        /// What was asked.
        quantity: u32,
        /// What it must be a multiple of.
        lot_size: u32,
    },
    /// Missing, negative or off the tick.
    #[error("{field} {price} must be a positive multiple of the tick size {tick_size}")]
    InvalidPrice {
        /// `price` or `trigger`.
        field: String,
        /// What was asked.
        price: Price,
        /// What it must be a multiple of.
        tick_size: Price,
    },
    /// A price was given where the order type has none, or the product does not exist there.
    #[error("{reason}")]
    InvalidCombination {
        /// What does not go together.
        reason: String,
    },
    /// No order of this run has that number, or it is finished.
    #[error("order {id} is not a standing order of this run")]
    UnknownOrder {
        /// The number that was given.
        id: RunOrderId,
    },
    /// A single call asked for more than it may.
    #[error("more than {limit} intents from one event")]
    TooMany {
        /// The limit.
        limit: u32,
    },
}

impl OrderRequest {
    /// A market order with automatic protection, held as the venue's usual intraday product.
    pub fn market(symbol: Symbol, side: Side, quantity: u32) -> Self {
        Self {
            symbol,
            side,
            quantity,
            kind: OrderKind::Market,
            price: Price::ZERO,
            trigger: Price::ZERO,
            product: Product::Mis,
            validity: Validity::Day,
            variety: Variety::Regular,
            market_protection: PROTECTION_AUTOMATIC,
        }
    }

    /// Checks the request against its instrument.
    ///
    /// # Errors
    /// The first thing that is wrong with it, worded for the author.
    pub fn check(&self, instrument: &Instrument) -> Result<(), RequestError> {
        if !instrument.kind.is_tradable() {
            return Err(RequestError::NotTradable { symbol: self.symbol.to_string() });
        }
        check_quantity(self.quantity, instrument)?;
        check_price("price", self.kind.needs_price(), self.price, instrument)?;
        check_price("trigger", self.kind.needs_trigger(), self.trigger, instrument)?;
        self.check_stop_order()?;
        self.check_product()
    }

    /// A stop order's limit may not lie on the wrong side of its trigger.
    fn check_stop_order(&self) -> Result<(), RequestError> {
        if self.kind != OrderKind::Stop {
            return Ok(());
        }
        let crossed = match self.side {
            Side::Buy => self.price < self.trigger,
            Side::Sell => self.price > self.trigger,
        };
        if crossed {
            let reason = "a stop order's price must be at or beyond its trigger".to_owned();
            return Err(RequestError::InvalidCombination { reason });
        }
        Ok(())
    }

    fn check_product(&self) -> Result<(), RequestError> {
        let derivatives = self.symbol.venue().is_derivatives();
        let wrong = match self.product {
            Product::Cnc | Product::Mtf => derivatives,
            Product::Nrml => !derivatives,
            Product::Mis => false,
        };
        if wrong {
            let reason = format!("product {} does not exist on {}", self.product, self.symbol.venue());
            return Err(RequestError::InvalidCombination { reason });
        }
        Ok(())
    }
}

impl Change {
    /// Checks the new values against the instrument.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn check(&self, instrument: &Instrument) -> Result<(), RequestError> {
        if let Some(quantity) = self.quantity {
            check_quantity(quantity, instrument)?;
        }
        if let Some(price) = self.price {
            check_price("price", true, price, instrument)?;
        }
        if let Some(trigger) = self.trigger {
            check_price("trigger", true, trigger, instrument)?;
        }
        Ok(())
    }
}

fn check_quantity(quantity: u32, instrument: &Instrument) -> Result<(), RequestError> {
    let lot_size = instrument.lot_size.max(1);
    if quantity == 0 || !quantity.is_multiple_of(lot_size) {
        return Err(RequestError::InvalidQuantity { quantity, lot_size });
    }
    Ok(())
}

fn check_price(field: &str, needed: bool, price: Price, instrument: &Instrument) -> Result<(), RequestError> {
    if !needed && price.is_zero() {
        return Ok(());
    }
    if !needed {
        let reason = format!("this order type takes no {field}");
        return Err(RequestError::InvalidCombination { reason });
    }
    if price <= Price::ZERO || !price.is_multiple_of(instrument.tick_size) {
        let tick_size = instrument.tick_size;
        return Err(RequestError::InvalidPrice { field: field.to_owned(), price, tick_size });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::InstrumentKind;

    fn nifty_future() -> Instrument {
        Instrument {
            token: 1,
            symbol: "NFO:NIFTY26NOVFUT".parse().unwrap(),
            name: "NIFTY".into(),
            kind: InstrumentKind::Future,
            tick_size: Price::from_paise(10),
            lot_size: 65,
            expiry: None,
            strike: Price::ZERO,
        }
    }

    fn request() -> OrderRequest {
        OrderRequest::market(nifty_future().symbol, Side::Buy, 65)
    }

    #[test]
    fn each_wrong_request_says_what_is_wrong() {
        let limit = OrderRequest { kind: OrderKind::Limit, ..request() };
        let stop = OrderRequest {
            kind: OrderKind::Stop,
            price: Price::from_rupees(99),
            trigger: Price::from_rupees(100),
            ..request()
        };
        let wrong = [
            (OrderRequest { quantity: 0, ..request() }, "lot size 65"),
            (OrderRequest { quantity: 66, ..request() }, "lot size 65"),
            (limit.clone(), "tick size 0.10"),
            (OrderRequest { price: Price::from_paise(5), ..limit.clone() }, "tick size 0.10"),
            (OrderRequest { price: Price::from_paise(-10), ..limit }, "tick size 0.10"),
            (OrderRequest { price: Price::from_rupees(1), ..request() }, "takes no price"),
            (OrderRequest { product: Product::Cnc, ..request() }, "does not exist on NFO"),
            (stop, "at or beyond its trigger"),
        ];
        for (request, words) in wrong {
            let said = request.check(&nifty_future()).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
        request().check(&nifty_future()).unwrap();
    }
}
