//! The simulated others: how many units they trade and at which prices their orders stand. A function of seed and time.
//!
//! Knows nobody's order but the best prices of the accounts, which it must not cross.

use crate::equilibrium::Interest;
use crate::noise::{between, mix, unit};
use market::{Depth, DepthLevel, Price};

/// Of a thousand units that stand before an order, so many at most are withdrawn from one tick to the next.
const MOST_WITHDRAWN_PERMILLE: u64 = 20;

/// A day's open interest moves by no more than this part.
const OI_SWING: u64 = 50;
/// How far the crowd's bids and offers overlap in an auction, and how far they reach away from each other, in ticks.
const OVERLAP_TICKS: i64 = 3;
const AUCTION_TICKS: i64 = 40;

/// What an instrument's flow of orders looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) key: u64,
    pub(crate) tick_size: Price,
    pub(crate) lot_size: u32,
    /// Units in an average trade; 0 for an index.
    pub(crate) trade_size: u32,
    /// Of a hundred ticks, so many bring nothing new.
    pub(crate) quiet_percent: u64,
    /// Widest spread, in ticks.
    pub(crate) spread: i64,
    pub(crate) open_interest: u64,
}

/// The best prices at which orders of accounts stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Walls {
    pub(crate) bid: Option<Price>,
    pub(crate) ask: Option<Price>,
}

impl Flow {
    /// Units that trade in a tick.
    pub(crate) fn volume(&self, number: u64) -> u32 {
        self.some_units(mix(self.key, number), 5, f64::from(self.trade_size) * 3.0)
    }

    /// Open interest at a tick.
    pub(crate) fn oi_at(&self, number: u64) -> u64 {
        let swing = between(mix(self.key, number), 3, 0, 100);
        self.open_interest + self.open_interest / OI_SWING * swing / 1_000
    }

    /// The orders of a tick around the last price, within the day's limits.
    pub(crate) fn depth(&self, number: u64, last: Price, limits: (Price, Price), walls: Walls) -> Depth {
        let key = mix(self.key, number);
        let (bid, ask) = self.best(key, last, limits, walls);
        Depth {
            buy: std::array::from_fn(|i| self.level(key, 10 + i as u64, bid - self.ticks(i), limits)),
            sell: std::array::from_fn(|i| self.level(key, 20 + i as u64, ask + self.ticks(i), limits)),
        }
    }

    /// The crowd's bids and offers in the auction that opens the day: either side reaches a little over the price to which
    /// the path leads, and far behind it, within the day's limits.
    pub(crate) fn interests(
        &self,
        number: u64,
        path: Price,
        (lower, upper): (Price, Price),
    ) -> [Vec<Interest>; 2] {
        let key = mix(self.key, number);
        let side = |place: u64, sign: i64| -> Vec<Interest> {
            let limits = (-OVERLAP_TICKS..AUCTION_TICKS).map(|away| {
                let limit = path + Price::from_units(self.tick_size.units() * away * sign);
                let place = place + (away + OVERLAP_TICKS).unsigned_abs();
                let units = self.some_units(key, place, f64::from(self.trade_size) * 24.0);
                Interest { limit, units: u64::from(units) }
            });
            limits.filter(|interest| lower <= interest.limit && interest.limit <= upper).collect()
        };
        [side(1_000, -1), side(2_000, 1)]
    }

    /// What is left of units that stand before an order at a price, once some of them were withdrawn.
    pub(crate) fn thinned(&self, number: u64, price: Price, ahead: u32) -> u32 {
        let key = mix(mix(self.key, number), price.units().unsigned_abs());
        // Rounded to whole lots one way or the other by chance, by the same chance for all at the price: short queues
        // grow shorter too, and nobody overtakes.
        let lot = u64::from(self.lot_size) * 1_000;
        let withdrawn = u64::from(ahead) * between(key, 6, 0, MOST_WITHDRAWN_PERMILLE);
        let lots = (withdrawn + between(key, 7, 0, lot - 1)) / lot;
        ahead - (lots as u32 * self.lot_size).min(ahead)
    }

    /// The last trade took place at one of the two best prices: where an account's order stands there, at that one. At a
    /// limit of the day one side alone is left.
    fn best(&self, key: u64, last: Price, (lower, upper): (Price, Price), walls: Walls) -> (Price, Price) {
        let spread = self.ticks(between(key, 1, 1, self.spread.unsigned_abs()) as usize);
        let last_is_bid = if walls.bid.is_some_and(|wall| wall >= last) || last >= upper {
            true
        } else if walls.ask.is_some_and(|wall| wall <= last) || last <= lower {
            false
        } else {
            mix(key, 2).is_multiple_of(2)
        };
        let (bid, ask) = if last_is_bid { (last, last + spread) } else { (last - spread, last) };
        let bid = walls.ask.map_or(bid, |wall| bid.min(wall - self.tick_size));
        let ask = walls.bid.map_or(ask, |wall| ask.max(wall + self.tick_size));
        (bid, ask)
    }

    const fn ticks(&self, n: usize) -> Price {
        Price::from_units(self.tick_size.units() * n as i64)
    }

    fn level(&self, key: u64, place: u64, price: Price, (lower, upper): (Price, Price)) -> DepthLevel {
        if price < lower || price > upper || price <= Price::ZERO {
            return DepthLevel::default();
        }
        let quantity = self.some_units(key, place, f64::from(self.trade_size) * 24.0);
        let orders = (between(key, place + 100, 1, 24) as u32).min(quantity / self.lot_size).max(1);
        DepthLevel { price, quantity, orders: orders as u16 }
    }

    /// A whole number of lots, mostly few, at most `most` units and at least one lot.
    pub(crate) fn some_units(&self, key: u64, place: u64, most: f64) -> u32 {
        if self.trade_size == 0 {
            return 0;
        }
        let u = unit(key, place);
        let lots = (most * u * u / f64::from(self.lot_size)) as u32;
        (lots + 1) * self.lot_size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow {
            key: 3,
            tick_size: Price::from_paise(5),
            lot_size: 10,
            trade_size: 100,
            quiet_percent: 0,
            spread: 3,
            open_interest: 0,
        }
    }

    const LIMITS: (Price, Price) = (Price::from_rupees(90), Price::from_rupees(110));

    #[test]
    fn the_crowd_never_crosses_an_accounts_order() {
        let last = Price::from_rupees(100);
        for number in 0..500 {
            let wall = last + Price::from_paise(5 * (number as i64 % 7 - 3));
            let buying = flow().depth(number, last, LIMITS, Walls { bid: Some(wall), ask: None });
            assert!(buying.sell[0].price > wall);
            let selling = flow().depth(number, last, LIMITS, Walls { bid: None, ask: Some(wall) });
            assert!(selling.buy[0].price < wall);
        }
    }

    #[test]
    fn at_a_limit_of_the_day_one_side_is_left() {
        for number in 0..100 {
            let top = flow().depth(number, LIMITS.1, LIMITS, Walls::default());
            assert!(top.sell.iter().all(|level| level.quantity == 0) && top.buy[0].price == LIMITS.1);
            let bottom = flow().depth(number, LIMITS.0, LIMITS, Walls::default());
            assert!(bottom.buy.iter().all(|level| level.quantity == 0) && bottom.sell[0].price == LIMITS.0);
        }
    }

    #[test]
    fn those_ahead_grow_fewer_in_whole_lots_and_keep_their_order() {
        let price = Price::from_rupees(100);
        let (mut first, mut second) = (900, 1_400);
        for number in 0..400 {
            let (a, b) = (flow().thinned(number, price, first), flow().thinned(number, price, second));
            assert!(a <= first && b <= second && a <= b && a % 10 == 0);
            (first, second) = (a, b);
        }
        assert!(first < 400, "{first}");
    }
}
