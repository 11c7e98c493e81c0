//! One position's trades of a day and the sums that run along with them. Knows nothing of other positions.

use super::Totals;
use super::carried::{Carried, Flow};
use super::cost::{CostBasis, RoundTrip};
use market::{Money, Price, Side, Timestamp, Trade, TradingDate};
use std::collections::BTreeMap;

/// Where a fill stands among the others: by the exchange's time, which has whole seconds only, then by its number. The
/// numbers count upwards and are text, so a shorter one is the smaller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    time: Timestamp,
    digits: usize,
    trade_id: String,
    order_id: String,
}

/// One position.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) carried: Option<Carried>,
    pub(super) cost: CostBasis,
    pub(super) multiplier: i64,
    pub(super) bought: Flow,
    pub(super) sold: Flow,
    trades: BTreeMap<Place, Trade>,
}

impl Account {
    pub(super) fn new(multiplier: i64) -> Self {
        Self {
            carried: None,
            cost: CostBasis::default(),
            multiplier,
            bought: Flow::default(),
            sold: Flow::default(),
            trades: BTreeMap::new(),
        }
    }

    pub(super) fn carrying(position: Carried, date: TradingDate) -> Self {
        let cost = CostBasis::carried(&position, date);
        Self { cost, ..Self::new(position.multiplier) }.with(position)
    }

    fn with(self, position: Carried) -> Self {
        Self { carried: Some(position), ..self }
    }

    /// Books a fill at its place in time: at the end where it belongs there, else all over again. How many fills were
    /// worked through.
    pub(super) fn add(&mut self, trade: &Trade, date: TradingDate) -> u64 {
        let place = Place::of(trade);
        let is_last = self.trades.last_key_value().is_none_or(|(last, _)| *last < place);
        self.trades.insert(place, trade.clone());
        let quantity = i64::from(trade.quantity);
        let flow = match trade.side {
            Side::Buy => &mut self.bought,
            Side::Sell => &mut self.sold,
        };
        *flow = flow.plus(quantity, trade.price * quantity * self.multiplier);
        if is_last {
            self.cost.apply(trade, self.multiplier);
            1
        } else {
            self.rebuild(date)
        }
    }

    pub(super) fn set_previous_close(&mut self, close: Price) {
        if let Some(carried) = &mut self.carried {
            carried.close_price = Some(close);
        }
    }

    pub(super) fn quantity(&self) -> i64 {
        self.cost.quantity
    }

    pub(super) fn has_traded(&self) -> bool {
        !self.trades.is_empty()
    }

    pub(super) fn newest(&self) -> Option<&Trade> {
        self.trades.last_key_value().map(|(_, trade)| trade)
    }

    pub(super) fn trades(&self) -> impl DoubleEndedIterator<Item = &Trade> {
        self.trades.values()
    }

    pub(super) fn trips(&self) -> &[RoundTrip] {
        &self.cost.closed
    }

    /// What it comes to at a price.
    pub(super) fn worth(&self, last: Option<Price>) -> Totals {
        let is_open = self.cost.quantity != 0;
        Totals {
            realised: self.cost.realised,
            unrealised: self.unrealised(last).unwrap_or_default(),
            day: self.m2m(last).unwrap_or_default(),
            unpriced: u32::from(is_open && last.is_none()),
            wins: self.cost.wins,
            losses: self.cost.losses,
        }
    }

    /// The same with what was traded today and nothing else.
    pub(super) fn day_only(&self, date: TradingDate) -> Self {
        let mut account = Self { carried: None, ..self.clone() };
        account.rebuild(date);
        account
    }

    /// What the open units would book at a price: nothing where nothing is open, unknown without a price.
    pub(super) fn unrealised(&self, last: Option<Price>) -> Option<Money> {
        if self.cost.quantity == 0 {
            return Some(Money::ZERO);
        }
        last.map(|last| self.cost.unrealised(last, self.multiplier))
    }

    /// What the open units are worth.
    pub(super) fn open_value(&self, last: Option<Price>) -> Option<Money> {
        if self.cost.quantity == 0 {
            return Some(Money::ZERO);
        }
        last.map(|last| last * self.cost.quantity * self.multiplier)
    }

    pub(super) fn m2m(&self, last: Option<Price>) -> Option<Money> {
        let (_, buy_m2m) = self.with_carried(self.bought, Side::Buy);
        let (_, sell_m2m) = self.with_carried(self.sold, Side::Sell);
        self.open_value(last).map(|open| sell_m2m - buy_m2m + open)
    }

    /// A side's flow with the carried units in it, and its value with those at the previous close.
    pub(super) fn with_carried(&self, day: Flow, side: Side) -> (Flow, Money) {
        let carried = self.carried.as_ref().filter(|carried| carried.quantity.signum() == side.sign());
        let Some(carried) = carried else { return (day, day.value) };
        let units = carried.quantity.abs();
        let at_close = carried.close_price.map_or(carried.cost, |close| close * units * self.multiplier);
        (day.plus(units, carried.cost), day.value + at_close)
    }

    fn rebuild(&mut self, date: TradingDate) -> u64 {
        self.cost = self.carried.as_ref().map_or_else(CostBasis::default, |c| CostBasis::carried(c, date));
        for trade in self.trades.values() {
            self.cost.apply(trade, self.multiplier);
        }
        self.trades.len() as u64
    }
}

impl Place {
    fn of(trade: &Trade) -> Self {
        Self {
            time: trade.time,
            digits: trade.trade_id.len(),
            trade_id: trade.trade_id.clone(),
            order_id: trade.order_id.clone(),
        }
    }
}
