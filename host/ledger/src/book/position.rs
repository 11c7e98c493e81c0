//! One row of the positions table: Kite's own columns by Kite's own formulas, and beside them our split into realised
//! and unrealised (Kite's columns of those names do not hold what they say).
//!
//! With `q` = quantity, `M` = multiplier, `last` = last price:
//! - `value = sell_value − buy_value`; `pnl = value + q·last·M`
//! - `buy_m2m = day_buy_value + overnight long·close·M`, likewise sell; `m2m = sell_m2m − buy_m2m + q·last·M`
//! - `average_price` = `buy_price` when long, `sell_price` when short, 0 when flat: pooled over all buys or sells
//! - `average_cost` = weighted average cost of what is open; `realised + unrealised = pnl`, always, to the last unit.

use super::Account;
use market::{Money, Price, Product, Side, Symbol};
use serde::{Deserialize, Serialize};

/// A position brought in from the day before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// What is held.
    pub symbol: Symbol,
    /// How it is held.
    pub product: Product,
    /// Units; negative when short.
    pub quantity: i64,
    /// What they cost (or brought, when short), with the multiplier, as a positive amount.
    pub cost: Money,
    /// The previous day's close. Where it is not known the day's result counts from the cost.
    pub close_price: Option<Price>,
    /// Units of money per unit of quantity and price.
    pub multiplier: i64,
    /// What closing parts of it has booked on the days before.
    pub realised_before: Money,
}

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
    /// Booked by closing, today.
    pub realised: Money,
    /// What closing at the last price would book; `None` when open without a price.
    pub unrealised: Option<Money>,
}

impl Carried {
    /// A position of so many units at an average price.
    pub fn at_average(
        symbol: Symbol,
        product: Product,
        quantity: i64,
        average: Price,
        multiplier: i64,
    ) -> Self {
        let cost = average * quantity.abs() * multiplier;
        Self { symbol, product, quantity, cost, close_price: None, multiplier, realised_before: Money::ZERO }
    }

    /// The same with the previous day's close.
    pub fn closed_at(self, price: Price) -> Self {
        Self { close_price: Some(price), ..self }
    }
}

impl Position {
    /// True when units are open and nobody has told their price.
    pub fn is_unpriced(&self) -> bool {
        self.quantity != 0 && self.last_price.is_none()
    }
}

/// Quantity and value of one side.
#[derive(Clone, Copy, Default)]
struct Flow {
    quantity: i64,
    value: Money,
}

impl Flow {
    fn plus(self, quantity: i64, value: Money) -> Self {
        Self { quantity: self.quantity + quantity, value: self.value + value }
    }

    fn price(self, multiplier: i64) -> Price {
        self.value.per_unit(self.quantity * multiplier)
    }
}

impl Account {
    pub(super) fn position(&self, (symbol, product): &(Symbol, Product), last: Option<Price>) -> Position {
        let (m, quantity) = (self.multiplier, self.cost.quantity);
        let (day_buy, day_sell) = (self.traded(Side::Buy), self.traded(Side::Sell));
        let (buy, buy_m2m) = self.with_carried(day_buy, Side::Buy);
        let (sell, sell_m2m) = self.with_carried(day_sell, Side::Sell);
        let open_value = if quantity == 0 { Some(Money::ZERO) } else { last.map(|last| last * quantity * m) };
        let value = sell.value - buy.value;
        Position {
            symbol: symbol.clone(),
            product: *product,
            quantity,
            overnight_quantity: self.carried.as_ref().map_or(0, |carried| carried.quantity),
            multiplier: m,
            average_price: match quantity.signum() {
                1 => buy.price(m),
                -1 => sell.price(m),
                _ => Price::ZERO,
            },
            close_price: self.carried.as_ref().and_then(|carried| carried.close_price),
            last_price: last,
            value,
            pnl: open_value.map(|open| value + open),
            m2m: open_value.map(|open| sell_m2m - buy_m2m + open),
            buy_quantity: buy.quantity,
            buy_price: buy.price(m),
            buy_value: buy.value,
            buy_m2m,
            sell_quantity: sell.quantity,
            sell_price: sell.price(m),
            sell_value: sell.value,
            sell_m2m,
            day_buy_quantity: day_buy.quantity,
            day_buy_price: day_buy.price(m),
            day_buy_value: day_buy.value,
            day_sell_quantity: day_sell.quantity,
            day_sell_price: day_sell.price(m),
            day_sell_value: day_sell.value,
            average_cost: self.cost.cost.per_unit(quantity.abs() * m),
            realised: self.cost.realised,
            unrealised: if quantity == 0 {
                Some(Money::ZERO)
            } else {
                last.map(|l| self.cost.unrealised(l, m))
            },
        }
    }

    pub(super) fn carry_over(&self, (symbol, product): &(Symbol, Product), last: Option<Price>) -> Carried {
        Carried {
            symbol: symbol.clone(),
            product: *product,
            quantity: self.cost.quantity,
            cost: self.cost.cost,
            close_price: last,
            multiplier: self.multiplier,
            realised_before: self.cost.trip_realised,
        }
    }

    fn traded(&self, side: Side) -> Flow {
        let trades = self.trades.values().filter(|trade| trade.side == side);
        trades.fold(Flow::default(), |flow, trade| {
            let quantity = i64::from(trade.quantity);
            flow.plus(quantity, trade.price * quantity * self.multiplier)
        })
    }

    /// A side's flow with the carried units in it, and its value with those at the previous close.
    fn with_carried(&self, day: Flow, side: Side) -> (Flow, Money) {
        let carried = self.carried.as_ref().filter(|carried| carried.quantity.signum() == side.sign());
        let Some(carried) = carried else { return (day, day.value) };
        let units = carried.quantity.abs();
        let at_close = carried.close_price.map_or(carried.cost, |close| close * units * self.multiplier);
        (day.plus(units, carried.cost), day.value + at_close)
    }
}
