//! One snapshot of one instrument from the live feed.
//!
//! A feed of snapshots, not of trades: several may be merged into one, and only the newest matters.

use crate::instrument::InstrumentToken;
use crate::price::Price;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What the feed says of one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tick {
    /// Which instrument.
    pub token: InstrumentToken,
    /// The exchange's time of the snapshot; the time of receipt where the feed gave none.
    pub time: Timestamp,
    /// Price of the last trade.
    pub last_price: Price,
    /// Units in the last trade.
    pub last_quantity: u32,
    /// Volume-weighted average of the day; zero where the feed mode carries none.
    pub average_price: Price,
    /// Units traded today.
    pub volume: u64,
    /// Units bid for in the whole book.
    pub buy_quantity: u64,
    /// Units offered in the whole book.
    pub sell_quantity: u64,
    /// First price of the day; zero, as the three below, where the feed mode carries none.
    pub open: Price,
    /// Highest price of the day.
    pub high: Price,
    /// Lowest price of the day.
    pub low: Price,
    /// The *previous* day's close.
    pub close: Price,
    /// Open interest, derivatives only.
    pub oi: u64,
    /// Five levels a side, where the feed mode carries them.
    pub depth: Option<Depth>,
}

/// One price level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthLevel {
    /// Where.
    pub price: Price,
    /// Units resting there.
    pub quantity: u32,
    /// Orders resting there.
    pub orders: u16,
}

/// The five best levels a side, best first, empty ones zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Bids.
    pub buy: [DepthLevel; 5],
    /// Offers.
    pub sell: [DepthLevel; 5],
}

impl Tick {
    /// A tick with a price and nothing else: what an `ltp` packet tells. Everything it does not tell is zero, because a day's
    /// high that is only the last price would mislead whoever compares with it.
    pub const fn at(token: InstrumentToken, time: Timestamp, last_price: Price) -> Self {
        Self {
            token,
            time,
            last_price,
            last_quantity: 0,
            average_price: Price::ZERO,
            volume: 0,
            buy_quantity: 0,
            sell_quantity: 0,
            open: Price::ZERO,
            high: Price::ZERO,
            low: Price::ZERO,
            close: Price::ZERO,
            oi: 0,
            depth: None,
        }
    }

    /// Best bid, zero where unknown.
    #[inline]
    pub fn bid(&self) -> Price {
        self.depth.map_or(Price::ZERO, |depth| depth.buy[0].price)
    }

    /// Best offer, zero where unknown.
    #[inline]
    pub fn ask(&self) -> Price {
        self.depth.map_or(Price::ZERO, |depth| depth.sell[0].price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_price_claims_to_know_nothing_of_the_day() {
        let tick = Tick::at(1, Timestamp::EPOCH, Price::from_rupees(100));
        assert_eq!(tick.last_price, Price::from_rupees(100));
        let day = [tick.open, tick.high, tick.low, tick.close, tick.average_price, tick.bid(), tick.ask()];
        assert_eq!(day, [Price::ZERO; 7]);
    }
}
