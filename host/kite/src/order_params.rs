//! A new or changed order as the form that Kite takes.
//!
//! Checks here are those of the wire; lots, ticks and risk were checked before.

use crate::error::Error;
use market::{Change, OrderKind, OrderRequest, Price, Variety};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// Kite takes no longer tag.
pub(crate) const TAG_CHARACTERS: usize = 20;
/// Kite's order numbers have 15 or 19 digits; more than this is none.
const ORDER_ID_CHARACTERS: usize = 40;

/// The broker's number of an order. Text, because it does not fit into a float.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BrokerOrderId(String);

/// Text that is no order number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a broker order number: 1 to {ORDER_ID_CHARACTERS} letters, digits, `-` or `_` expected")]
pub struct InvalidOrderId;

/// What `place` sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceParams {
    /// The order.
    pub request: OrderRequest,
    /// By which the order is found again: 1 to 20 letters and digits.
    pub tag: String,
}

/// Form fields, in the order they are sent.
pub(crate) type Form = Vec<(&'static str, String)>;

impl BrokerOrderId {
    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BrokerOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BrokerOrderId {
    type Err = InvalidOrderId;
    fn from_str(text: &str) -> Result<Self, InvalidOrderId> {
        let characters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let fine = characters && (1..=ORDER_ID_CHARACTERS).contains(&text.len());
        if fine { Ok(Self(text.to_owned())) } else { Err(InvalidOrderId) }
    }
}

impl<'de> Deserialize<'de> for BrokerOrderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PlaceParams {
    /// The form, or what is wrong with the order.
    pub(crate) fn form(&self) -> Result<Form, Error> {
        check_variety(self.request.variety)?;
        self.plain_form()
    }

    /// The form for any desk: what a desk needs beyond it is added by whoever knows.
    pub(crate) fn plain_form(&self) -> Result<Form, Error> {
        let request = &self.request;
        if request.quantity == 0 {
            return Err(Error::invalid("the quantity must be positive"));
        }
        let tag_fits = (1..=TAG_CHARACTERS).contains(&self.tag.len());
        if !tag_fits || !self.tag.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Error::invalid("the tag must have 1 to 20 letters or digits"));
        }
        let mut form = vec![
            ("exchange", request.symbol.venue().to_string()),
            ("tradingsymbol", request.symbol.name().to_owned()),
            ("transaction_type", request.side.to_string()),
            ("order_type", request.kind.to_string()),
            ("quantity", request.quantity.to_string()),
            ("product", request.product.to_string()),
            ("validity", request.validity.to_string()),
        ];
        push_prices(&mut form, request)?;
        form.push(("tag", self.tag.clone()));
        Ok(form)
    }
}

/// The form of a modification: the order as it shall be, whole, so that nothing depends on what the broker remembers.
///
/// But for a market order whose kind does not change: the broker holds it as a limit order at its protection price, and
/// named as a market order again it would go to market a second time. So only what changes is said of it.
pub(crate) fn modify_form(current: &OrderRequest, change: &Change) -> Result<Form, Error> {
    check_variety(current.variety)?;
    changed_form(current, change)
}

/// The same for any desk.
pub(crate) fn changed_form(current: &OrderRequest, change: &Change) -> Result<Form, Error> {
    if *change == Change::default() {
        return Err(Error::invalid("the change names nothing to change"));
    }
    let wanted = change.applied_to(current);
    if wanted.quantity == 0 {
        return Err(Error::invalid("the new quantity must be positive: cancel the order instead"));
    }
    let stands_as_market = wanted.kind == OrderKind::Market && change.kind.is_none();
    if stands_as_market && (change.price.is_some() || change.trigger.is_some()) {
        return Err(Error::invalid(
            "a market order takes no price or trigger: name LIMIT as its new order type",
        ));
    }
    let mut form = Vec::new();
    if !stands_as_market {
        form.push(("order_type", wanted.kind.to_string()));
    }
    form.push(("quantity", wanted.quantity.to_string()));
    form.push(("validity", wanted.validity.to_string()));
    if !stands_as_market {
        push_prices(&mut form, &wanted)?;
    }
    Ok(form)
}

fn push_prices(form: &mut Form, request: &OrderRequest) -> Result<(), Error> {
    if request.kind.needs_price() {
        form.push(("price", positive("price", request.price)?));
    }
    if request.kind.needs_trigger() || !request.trigger.is_zero() {
        form.push(("trigger_price", positive("trigger price", request.trigger)?));
    }
    if matches!(request.kind, OrderKind::Market | OrderKind::StopMarket) {
        form.push(("market_protection", protection(request.market_protection)?));
    }
    Ok(())
}

/// Every other desk needs what an [`OrderRequest`] does not have, or what nobody here offers.
fn check_variety(variety: Variety) -> Result<(), Error> {
    let why = match variety {
        Variety::Regular => return Ok(()),
        Variety::Amo => {
            "after-market orders wait at the broker for the next session, out of reach of limits and strategy: place a \
             regular order when the market is open"
        }
        Variety::Co => {
            "cover orders are two orders of which the broker makes the second: place a regular order and a stop order"
        }
        Variety::Iceberg => "iceberg orders need a size of their legs: place the parts as regular orders",
        Variety::Auction => {
            "auction orders need an auction's number: they can be placed at the broker's own page only"
        }
    };
    Err(Error::invalid(format!("{variety} orders are not supported: {why}")))
}

fn positive(what: &str, price: Price) -> Result<String, Error> {
    if price > Price::ZERO {
        Ok(price.to_string())
    } else {
        Err(Error::invalid(format!("the {what} must be positive")))
    }
}

/// 1/100 percent as percent; −1 stays −1. Kite refuses MARKET and SL-M orders without protection.
fn protection(hundredths: i32) -> Result<String, Error> {
    match hundredths {
        -1 => Ok("-1".to_owned()),
        1..=10_000 if hundredths % 100 == 0 => Ok((hundredths / 100).to_string()),
        1..=10_000 => Ok(format!("{}.{:02}", hundredths / 100, hundredths % 100)),
        _ => {
            let reason = "market and stop-market orders need a market protection of 0.01 to 100 percent, or -1 for automatic";
            Err(Error::invalid(reason))
        }
    }
}

#[cfg(test)]
mod tests;
