//! Weighted average cost of one position: what closing books, what stays open, and the round trips.
//!
//! Closing part of a position takes its share of the cost out, rounded to the paisa; the last unit takes the rest.
//! So realised and unrealised always sum to the exact result, whatever was rounded between them. A trade larger than
//! the position closes it and opens the rest the other way at the trade's price.

use super::carried::Carried;
use market::{Money, Price, Product, Symbol, Timestamp, Trade, TradingDate};
use serde::{Deserialize, Serialize};

/// A position from its first unit to none, or to the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundTrip {
    /// What was held.
    pub symbol: Symbol,
    /// How it was held.
    pub product: Product,
    /// When it was opened; the day's first instant when it was carried in.
    pub opened_at: Timestamp,
    /// When its last unit went.
    pub closed_at: Timestamp,
    /// What it brought before charges.
    pub realised: Money,
}

/// The state of one position.
#[derive(Debug, Clone, Default)]
pub(super) struct CostBasis {
    /// Units; negative when short.
    pub(super) quantity: i64,
    /// What the open units cost (or brought, when short), as a positive amount.
    pub(super) cost: Money,
    /// Booked by closing, today.
    pub(super) realised: Money,
    /// Booked by closing since the position was last flat.
    pub(super) trip_realised: Money,
    pub(super) closed: Vec<RoundTrip>,
    /// Round trips closed that brought more than nothing.
    pub(super) wins: usize,
    /// Round trips closed that brought less than nothing.
    pub(super) losses: usize,
    opened_at: Timestamp,
}

impl CostBasis {
    pub(super) fn carried(position: &Carried, date: TradingDate) -> Self {
        Self {
            quantity: position.quantity,
            cost: position.cost,
            trip_realised: position.realised_before,
            opened_at: date.midnight(),
            ..Self::default()
        }
    }

    pub(super) fn apply(&mut self, trade: &Trade, multiplier: i64) {
        let quantity = i64::from(trade.quantity);
        let against = self.quantity.signum() == -trade.side.sign();
        let closing = if against { quantity.min(self.quantity.abs()) } else { 0 };
        if closing > 0 {
            self.close(trade, closing, multiplier);
        }
        if quantity > closing {
            self.open(trade, quantity - closing, multiplier);
        }
    }

    /// What the open units would book at a price.
    pub(super) fn unrealised(&self, last: Price, multiplier: i64) -> Money {
        last * self.quantity * multiplier - self.cost * self.quantity.signum()
    }

    fn open(&mut self, trade: &Trade, quantity: i64, multiplier: i64) {
        if self.quantity == 0 {
            (self.opened_at, self.trip_realised) = (trade.time, Money::ZERO);
        }
        self.quantity += trade.side.sign() * quantity;
        self.cost += trade.price * quantity * multiplier;
    }

    fn close(&mut self, trade: &Trade, quantity: i64, multiplier: i64) {
        let open = self.quantity.abs();
        let share = self.cost.scaled(quantity, open).round_to_paise().min(self.cost);
        let cost = if quantity == open { self.cost } else { share };
        let booked = (trade.price * quantity * multiplier - cost) * self.quantity.signum();
        self.realised += booked;
        self.trip_realised += booked;
        self.cost -= cost;
        self.quantity += trade.side.sign() * quantity;
        if self.quantity == 0 {
            self.wins += usize::from(self.trip_realised > Money::ZERO);
            self.losses += usize::from(self.trip_realised < Money::ZERO);
            self.closed.push(RoundTrip {
                symbol: trade.symbol.clone(),
                product: trade.product,
                opened_at: self.opened_at,
                closed_at: trade.time,
                realised: self.trip_realised,
            });
        }
    }
}
