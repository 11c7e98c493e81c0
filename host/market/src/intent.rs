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
    /// The order as it shall be. A price or trigger that the new kind has no place for is gone; a kind that turns into a
    /// market order gets automatic protection where the order had none.
    pub fn applied_to(&self, standing: &OrderRequest) -> OrderRequest {
        let kind = self.kind.unwrap_or(standing.kind);
        let unprotected = !kind.needs_price() && standing.market_protection == 0;
        OrderRequest {
            kind,
            quantity: self.quantity.unwrap_or(standing.quantity),
            price: if kind.needs_price() { self.price.unwrap_or(standing.price) } else { Price::ZERO },
            trigger: if kind.needs_trigger() {
                self.trigger.unwrap_or(standing.trigger)
            } else {
                Price::ZERO
            },
            market_protection: if unprotected { PROTECTION_AUTOMATIC } else { standing.market_protection },
            validity: self.validity.unwrap_or(standing.validity),
            ..standing.clone()
        }
    }

    /// Checks that the change makes sense for the order that stands, and that what it makes of it is a good order.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self, standing: &OrderRequest, instrument: &Instrument) -> Result<(), RequestError> {
        if *self == Self::default() {
            let reason =
                "the change names nothing to change: give a quantity, price, trigger, order type or validity";
            return Err(RequestError::InvalidCombination { reason: reason.to_owned() });
        }
        self.check_kind(standing)?;
        self.check_fields(standing)?;
        self.applied_to(standing).check(instrument)
    }

    /// The broker lets a stop order become a limit or market order, and a limit order a market order; never the way back.
    fn check_kind(&self, standing: &OrderRequest) -> Result<(), RequestError> {
        let gains_trigger = self.kind.is_some_and(OrderKind::needs_trigger) && !standing.kind.needs_trigger();
        if !gains_trigger {
            return Ok(());
        }
        let reason =
            format!("a {} order cannot become a stop order: cancel it and place a new one", standing.kind);
        Err(RequestError::InvalidCombination { reason })
    }

    /// A market order rests at the broker as a limit order at its protection price, so a price alone does not say what is
    /// meant: sent with the old kind it would go to market again.
    fn check_fields(&self, standing: &OrderRequest) -> Result<(), RequestError> {
        let kind = self.kind.unwrap_or(standing.kind);
        let refuse = |field: &str, instead: &str| {
            let reason = format!("a {kind} order takes no {field}: {instead}");
            Err(RequestError::InvalidCombination { reason })
        };
        if self.price.is_some() && !kind.needs_price() {
            return refuse("price", "name LIMIT as the new order type with it");
        }
        if self.trigger.is_some() && !kind.needs_trigger() {
            return refuse("trigger", "leave it out");
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

    #[test]
    fn a_change_is_checked_as_the_order_it_makes() {
        let rupees = Price::from_rupees;
        let market = request();
        let limit = OrderRequest { kind: OrderKind::Limit, price: rupees(100), ..request() };
        let stop = OrderRequest { kind: OrderKind::Stop, trigger: rupees(99), ..limit.clone() };
        let none = Change::default();
        let price = |price| Change { price: Some(price), ..Change::default() };
        let kind = |kind| Change { kind: Some(kind), ..Change::default() };
        let wrong = [
            (&limit, none.clone(), "names nothing to change"),
            (&market, price(rupees(101)), "takes no price"),
            (&limit, Change { trigger: Some(rupees(99)), ..none.clone() }, "takes no trigger"),
            (&limit, Change { price: Some(rupees(99)), ..kind(OrderKind::Market) }, "takes no price"),
            (&limit, Change { trigger: Some(rupees(99)), ..kind(OrderKind::Stop) }, "cannot become a stop"),
            (&market, kind(OrderKind::Limit), "tick size 0.10"),
            (&limit, price(Price::from_paise(5)), "tick size 0.10"),
            (&limit, Change { quantity: Some(66), ..none.clone() }, "lot size 65"),
            (&stop, price(rupees(98)), "at or beyond its trigger"),
            (&stop, Change { trigger: Some(rupees(101)), ..none.clone() }, "at or beyond its trigger"),
        ];
        for (standing, change, words) in wrong {
            let said = change.check(standing, &nifty_future()).unwrap_err().to_string();
            assert!(said.contains(words), "{change:?}: {said}");
        }
        let fine = [
            (&market, Change { quantity: Some(130), ..none.clone() }),
            (&market, Change { price: Some(rupees(101)), ..kind(OrderKind::Limit) }),
            (&limit, kind(OrderKind::Market)),
            (&stop, kind(OrderKind::Limit)),
            (&stop, Change { price: Some(rupees(105)), trigger: Some(rupees(104)), ..none }),
        ];
        for (standing, change) in fine {
            change.check(standing, &nifty_future()).unwrap();
        }
    }

    #[test]
    fn a_limit_order_that_goes_to_market_is_protected_and_loses_its_price() {
        let limit = OrderRequest {
            kind: OrderKind::Limit,
            price: Price::from_rupees(100),
            market_protection: 0,
            ..request()
        };
        let changed = Change { kind: Some(OrderKind::Market), ..Change::default() }.applied_to(&limit);
        assert_eq!((changed.price, changed.market_protection), (Price::ZERO, PROTECTION_AUTOMATIC));
        let kept = Change { quantity: Some(130), ..Change::default() }.applied_to(&limit);
        assert_eq!((kept.quantity, kept.price, kept.market_protection), (130, limit.price, 0));
    }
}
