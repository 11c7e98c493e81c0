//! Fills into positions, holdings and money. Weighted average cost; a fill may flip a position.
//!
//! Knows no price but those of fills and closes; what is worth how much now is asked with a price.

use crate::position::Position;
use crate::product::ShownProduct;
use market::{InstrumentToken, Money, Price, Side, Symbol};
use serde::{Deserialize, Serialize};

/// One position's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) symbol: Symbol,
    pub(crate) token: InstrumentToken,
    pub(crate) product: ShownProduct,
    /// Units in one of quantity. Records from before there were any know none, and then it is 1.
    #[serde(default = "one")]
    multiplier: i64,
    overnight_quantity: i64,
    overnight_value: Money,
    overnight_close: Price,
    buy_quantity: i64,
    buy_value: Money,
    sell_quantity: i64,
    sell_value: Money,
    /// Open units, signed, and what they cost or fetched.
    open: i64,
    cost: Money,
    pub(crate) realised: Money,
}

impl Line {
    pub(crate) fn new(
        (symbol, token): (Symbol, InstrumentToken),
        product: ShownProduct,
        multiplier: i64,
    ) -> Self {
        Self {
            symbol,
            token,
            product,
            multiplier,
            overnight_quantity: 0,
            overnight_value: Money::ZERO,
            overnight_close: Price::ZERO,
            buy_quantity: 0,
            buy_value: Money::ZERO,
            sell_quantity: 0,
            sell_value: Money::ZERO,
            open: 0,
            cost: Money::ZERO,
            realised: Money::ZERO,
        }
    }

    /// The same instrument held as another product, with nothing in it.
    pub(crate) fn empty_as(&self, product: ShownProduct) -> Self {
        Self::new((self.symbol.clone(), self.token), product, self.multiplier)
    }

    /// Units held, negative when short.
    pub(crate) const fn quantity(&self) -> i64 {
        self.open
    }

    /// What the open units cost or fetched.
    pub(crate) const fn cost(&self) -> Money {
        self.cost
    }

    /// Today's buys less today's sells, in money.
    pub(crate) fn day_outlay(&self) -> Money {
        self.buy_value - self.sell_value
    }

    /// Profit of the open units at a price.
    pub(crate) fn unrealised(&self, last: Price) -> Money {
        let worth = last * self.open.abs() * self.multiplier;
        if self.open >= 0 { worth - self.cost } else { self.cost - worth }
    }

    /// Open units of one kind: sales close what was carried first, and only then what was bought today.
    pub(crate) fn open_units(&self, units: Units) -> i64 {
        let against = if self.overnight_quantity >= 0 { self.sell_quantity } else { self.buy_quantity };
        let carried = (self.overnight_quantity.abs() - against).max(0).min(self.open.abs());
        match units {
            Units::Carried => carried,
            Units::OfToday => self.open.abs() - carried,
        }
    }

    /// Books a fill.
    pub(crate) fn fill(&mut self, side: Side, quantity: u32, price: Price) {
        let quantity = i64::from(quantity);
        self.exchange(side, quantity, price * quantity * self.multiplier);
    }

    /// Gives away open units of one kind, at the average that they were bought or sold for, as if never traded (a
    /// conversion). The answer is what they cost or fetched. There must be that many.
    pub(crate) fn give(&mut self, quantity: i64, units: Units) -> Money {
        let side = if self.open >= 0 { Side::Buy } else { Side::Sell };
        let moved = match units {
            Units::Carried => {
                let moved = self.overnight_value.scaled(quantity, self.overnight_quantity.abs().max(1));
                self.overnight_quantity -= side.sign() * quantity;
                self.overnight_value -= moved;
                moved
            }
            Units::OfToday => {
                let (traded, value) = match side {
                    Side::Buy => (&mut self.buy_quantity, &mut self.buy_value),
                    Side::Sell => (&mut self.sell_quantity, &mut self.sell_value),
                };
                let moved = value.scaled(quantity, (*traded).max(1));
                *traded -= quantity;
                *value -= moved;
                moved
            }
        };
        let share = self.cost.scaled(quantity, self.open.abs().max(1));
        self.cost -= share;
        self.open -= side.sign() * quantity;
        // Profit is counted at the average of all open units. What the moved ones cost more or less than that stays
        // here, so that both positions together are worth what they were.
        let difference = moved - share;
        self.realised += if side == Side::Buy { difference } else { -difference };
        moved
    }

    /// Takes what another line gave.
    pub(crate) fn take(&mut self, side: Side, quantity: i64, value: Money) {
        self.exchange(side, quantity, value);
    }

    /// Ends the position at a price, as an expiry does.
    pub(crate) fn settle_at(&mut self, price: Price) {
        let side = if self.open >= 0 { Side::Sell } else { Side::Buy };
        let quantity = self.open.abs();
        self.exchange(side, quantity, price * quantity * self.multiplier);
    }

    /// Units change hands for an amount: first those that close what is open, the rest opens.
    fn exchange(&mut self, side: Side, quantity: i64, value: Money) {
        match side {
            Side::Buy => {
                self.buy_quantity += quantity;
                self.buy_value += value;
            }
            Side::Sell => {
                self.sell_quantity += quantity;
                self.sell_value += value;
            }
        }
        let closes = if self.open * side.sign() < 0 { quantity.min(self.open.abs()) } else { 0 };
        let closing_value = value.scaled(closes, quantity.max(1));
        if closes > 0 {
            let cost = self.cost.scaled(closes, self.open.abs());
            self.realised += if side == Side::Sell { closing_value - cost } else { cost - closing_value };
            self.cost -= cost;
            self.open += closes * side.sign();
        }
        self.open += (quantity - closes) * side.sign();
        self.cost += value - closing_value;
    }

    /// The date changes: what is open is carried at its cost, today begins with nothing.
    pub(crate) fn carry(&mut self, close: Price) {
        let fresh = Self::new((self.symbol.clone(), self.token), self.product, self.multiplier);
        let (open, cost) = (self.open, self.cost);
        *self = Self {
            overnight_quantity: open,
            overnight_value: cost,
            overnight_close: close,
            open,
            cost,
            ..fresh
        };
    }

    /// The row of the net list.
    pub(crate) fn net(&self, last: Price) -> Position {
        self.row(last, self.overnight_quantity, self.overnight_value)
    }

    /// The row of the day list: today's trades alone. `None` when there were none.
    pub(crate) fn day(&self, last: Price) -> Option<Position> {
        (self.buy_quantity + self.sell_quantity > 0).then(|| self.row(last, 0, Money::ZERO))
    }

    fn row(&self, last: Price, overnight: i64, overnight_value: Money) -> Position {
        let (long, short) = (overnight.max(0), (-overnight).max(0));
        let carried = |quantity: i64| if quantity > 0 { overnight_value } else { Money::ZERO };
        let (buy_quantity, buy_value) = (self.buy_quantity + long, self.buy_value + carried(long));
        let (sell_quantity, sell_value) = (self.sell_quantity + short, self.sell_value + carried(short));
        let quantity = buy_quantity - sell_quantity;
        let average = |value: Money, quantity: i64| value.per_unit(quantity * self.multiplier);
        let worth = |price: Price, quantity: i64| price * quantity * self.multiplier;
        let (buy_price, sell_price) = (average(buy_value, buy_quantity), average(sell_value, sell_quantity));
        let close_price = if overnight == 0 { Price::ZERO } else { self.overnight_close };
        let buy_m2m = self.buy_value + worth(close_price, long);
        let sell_m2m = self.sell_value + worth(close_price, short);
        let value = sell_value - buy_value;
        let pnl = value + worth(last, quantity);
        Position {
            symbol: self.symbol.clone(),
            token: self.token,
            product: self.product,
            quantity,
            overnight_quantity: overnight,
            multiplier: self.multiplier,
            average_price: match quantity.signum() {
                1 => buy_price,
                -1 => sell_price,
                _ => Price::ZERO,
            },
            close_price,
            last_price: last,
            value,
            pnl,
            m2m: sell_m2m - buy_m2m + worth(last, quantity),
            unrealised: pnl,
            realised: Money::ZERO,
            buy_quantity,
            buy_price,
            buy_value,
            buy_m2m,
            sell_quantity,
            sell_price,
            sell_value,
            sell_m2m,
            day_buy_quantity: self.buy_quantity,
            day_buy_price: average(self.buy_value, self.buy_quantity),
            day_buy_value: self.buy_value,
            day_sell_quantity: self.sell_quantity,
            day_sell_price: average(self.sell_value, self.sell_quantity),
            day_sell_value: self.sell_value,
        }
    }
}

const fn one() -> i64 {
    1
}

/// Which units of a position: Kite converts those of today and those carried over night apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// Bought or sold today.
    OfToday,
    /// Open since before today.
    Carried,
}

/// Shares of one name in the depository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shares {
    pub(crate) quantity: u32,
    pub(crate) t1_quantity: u32,
    pub(crate) cost: Money,
}

impl Shares {
    /// The date changes, with `net` shares bought (or sold, if negative) for delivery.
    pub(crate) fn settle(&mut self, net: i64, cost: Money) {
        self.quantity += self.t1_quantity;
        self.t1_quantity = 0;
        if net >= 0 {
            self.t1_quantity = net as u32;
            self.cost += cost;
        } else {
            let sold = net.abs().min(i64::from(self.quantity));
            let cost = self.cost.scaled(sold, i64::from(self.quantity).max(1));
            self.cost -= cost;
            self.quantity -= sold as u32;
        }
    }

    pub(crate) const fn total(&self) -> u32 {
        self.quantity + self.t1_quantity
    }
}

#[cfg(test)]
mod tests;
