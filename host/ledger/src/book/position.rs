//! One row of the positions table: Kite's own columns by Kite's own formulas, and beside them our split into realised
//! and unrealised (Kite's columns of those names do not hold what they say).
//!
//! With `q` = quantity, `M` = multiplier, `last` = last price:
//! - `value = sell_value − buy_value`; `pnl = value + q·last·M`
//! - `buy_m2m = day_buy_value + overnight long·close·M`, likewise sell; `m2m = sell_m2m − buy_m2m + q·last·M`
//! - `average_price` = `buy_price` when long, `sell_price` when short, 0 when flat: pooled over all buys or sells
//! - `average_cost` = weighted average cost of what is open; `realised + unrealised = pnl`, always, to the last unit.

use super::account::Account;
use super::carried::Carried;
use market::{Money, Price, Product, Side, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// A position as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the columns are Kite's; the formulas stand at the top of the module")]
pub struct Position {
    pub symbol: Symbol,
    pub product: Product,
    pub quantity: i64,
    pub overnight_quantity: i64,
    pub multiplier: i64,
    pub average_price: Price,
    pub close_price: Option<Price>,
    pub last_price: Option<Price>,
    pub last_price_at: Option<Timestamp>,
    pub value: Money,
    pub pnl: Option<Money>,
    pub m2m: Option<Money>,
    pub buy_quantity: i64,
    pub buy_price: Price,
    pub buy_value: Money,
    pub buy_m2m: Money,
    pub sell_quantity: i64,
    pub sell_price: Price,
    pub sell_value: Money,
    pub sell_m2m: Money,
    pub day_buy_quantity: i64,
    pub day_buy_price: Price,
    pub day_buy_value: Money,
    pub day_sell_quantity: i64,
    pub day_sell_price: Price,
    pub day_sell_value: Money,
    /// Weighted average cost of the open units.
    pub average_cost: Price,
    /// What the open units cost (or brought, when short), exactly, as a positive amount.
    pub cost: Money,
    /// Booked by closing parts of what is still open, on this day and the days before.
    pub trip_realised: Money,
    /// Booked by closing, today.
    pub realised: Money,
    /// What closing at the last price would book; `None` when open without a price.
    pub unrealised: Option<Money>,
}

impl Position {
    /// True when units are open and nobody has told their price.
    pub fn is_unpriced(&self) -> bool {
        self.quantity != 0 && self.last_price.is_none()
    }
}

impl Account {
    pub(super) fn position(
        &self,
        symbol: &Symbol,
        product: Product,
        last: Option<(Timestamp, Price)>,
    ) -> Position {
        let (m, quantity) = (self.multiplier, self.cost.quantity);
        let (last_price_at, last_price) = last.unzip();
        let (buy, buy_m2m) = self.with_carried(self.bought, Side::Buy);
        let (sell, sell_m2m) = self.with_carried(self.sold, Side::Sell);
        let value = sell.value - buy.value;
        Position {
            symbol: symbol.clone(),
            product,
            quantity,
            overnight_quantity: self.carried.as_ref().map_or(0, |carried| carried.quantity),
            multiplier: m,
            average_price: match quantity.signum() {
                1 => buy.price(m),
                -1 => sell.price(m),
                _ => Price::ZERO,
            },
            close_price: self.carried.as_ref().and_then(|carried| carried.close_price),
            last_price,
            last_price_at,
            value,
            pnl: self.open_value(last_price).map(|open| value + open),
            m2m: self.m2m(last_price),
            buy_quantity: buy.quantity,
            buy_price: buy.price(m),
            buy_value: buy.value,
            buy_m2m,
            sell_quantity: sell.quantity,
            sell_price: sell.price(m),
            sell_value: sell.value,
            sell_m2m,
            day_buy_quantity: self.bought.quantity,
            day_buy_price: self.bought.price(m),
            day_buy_value: self.bought.value,
            day_sell_quantity: self.sold.quantity,
            day_sell_price: self.sold.price(m),
            day_sell_value: self.sold.value,
            average_cost: self.cost.cost.per_unit(quantity.abs() * m),
            cost: self.cost.cost,
            trip_realised: self.cost.trip_realised,
            realised: self.cost.realised,
            unrealised: self.unrealised(last_price),
        }
    }

    pub(super) fn carry_over(
        &self,
        symbol: &Symbol,
        product: Product,
        last: Option<(Timestamp, Price)>,
    ) -> Carried {
        Carried {
            symbol: symbol.clone(),
            product,
            quantity: self.cost.quantity,
            cost: self.cost.cost,
            close_price: last.map(|(_, price)| price).or(self.carried.as_ref().and_then(|c| c.close_price)),
            last,
            multiplier: self.multiplier,
            realised_before: self.cost.trip_realised,
        }
    }
}
