//! What each instrument is worth at an instant: a function of the seed and of time, before any nudge of a tester.

use crate::catalog::{BANK_NIFTY, BseIndex, NIFTY, SHARES};
use crate::clock::MarketClock;
use crate::listing::Listing;
use crate::noise::{Keys, walk};
use market::{InstrumentKind, Price, Timestamp, VenueGroup};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Deviation of the index over one walked second: about 0.8 % over a session.
const INDEX_SIGMA: f64 = 5.0e-5;
/// A share's own deviation beside the index.
const SHARE_SIGMA: f64 = 6.0e-5;
const BANK_SIGMA: f64 = 1.5e-5;
/// Yearly cost of carry in a future's price.
const CARRY: f64 = 0.065;
const YEAR_SECONDS: f64 = 365.0 * 86_400.0;

/// How one instrument is priced.
#[derive(Debug, Clone)]
enum Pricing {
    Cash {
        rupees: f64,
        beta: f64,
        sigma: f64,
        key: u64,
    },
    /// The same share at another exchange.
    Mirror {
        slot: usize,
    },
    Future {
        spot: Spot,
        expiry: Timestamp,
    },
    Option {
        spot: Spot,
        expiry: Timestamp,
        strike: f64,
        call: bool,
        volatility: f64,
    },
}

/// What a contract is worth something for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spot {
    /// It is listed at this slot.
    Slot(usize),
    /// It is not listed: a path of its own.
    Path { rupees: f64, sigma: f64, key: u64, group: VenueGroup },
}

/// The price paths of all listed instruments, by their slot in the list.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    index_key: u64,
    pricing: Vec<Pricing>,
}

impl Model {
    /// Shares and indices; contracts are added once their strikes are known.
    pub(crate) fn new(keys: &mut Keys, listings: &[Listing]) -> Self {
        let index_key = keys.next();
        let pricing = listings.iter().map(|listing| cash_pricing(listing, keys.next())).collect();
        Self { index_key, pricing }
    }

    /// Adds a share that trades at another exchange too, at `slot`.
    pub(crate) fn add_mirror(&mut self, slot: usize) {
        self.pricing.push(Pricing::Mirror { slot });
    }

    /// Adds an index of BSE.
    pub(crate) fn add_index(&mut self, index: &BseIndex, key: u64) {
        self.pricing.push(Pricing::Cash { rupees: index.rupees, beta: index.beta, sigma: BANK_SIGMA, key });
    }

    /// Adds a contract.
    pub(crate) fn add_contract(&mut self, listing: &Listing, spot: Spot, volatility: f64, expiry: Timestamp) {
        let strike = listing.instrument.strike.to_wire();
        self.pricing.push(match listing.instrument.kind {
            InstrumentKind::Equity | InstrumentKind::Index | InstrumentKind::Future => {
                Pricing::Future { spot, expiry }
            }
            InstrumentKind::Call => Pricing::Option { spot, expiry, strike, call: true, volatility },
            InstrumentKind::Put => Pricing::Option { spot, expiry, strike, call: false, volatility },
        });
    }

    /// Rupees at an instant. `nudges` are logarithmic and by slot; a missing one is none.
    pub(crate) fn worth(&self, slot: usize, clock: &MarketClock, at: Timestamp, nudges: &[f64]) -> f64 {
        let walked = |key, group| walk(key, clock.walked(group, at));
        self.formula(slot, at, nudges, &walked, &|other| self.worth(other, clock, at, nudges))
    }

    /// Everything's worth at an instant, each path walked once: the same as asking for one after the other.
    pub(crate) fn worths(&self, clock: &MarketClock, at: Timestamp, nudges: &[f64]) -> Vec<f64> {
        let seconds = VenueGroup::ALL.map(|group| (group, clock.walked(group, at)));
        let seconds_of =
            |group| seconds.iter().find(|(of, _)| *of == group).map_or(0.0, |(_, seconds)| *seconds);
        let seen = RefCell::new(BTreeMap::new());
        let walked =
            |key, group| *seen.borrow_mut().entry(key).or_insert_with(|| walk(key, seconds_of(group)));
        let mut worths = Vec::with_capacity(self.pricing.len());
        for slot in 0..self.pricing.len() {
            // What something derives from was listed before it.
            let worth = self.formula(slot, at, nudges, &walked, &|other| worths[other]);
            worths.push(worth);
        }
        worths
    }

    /// What contracts derive from, at an instant.
    pub(crate) fn spot(&self, spot: Spot, clock: &MarketClock, at: Timestamp, nudges: &[f64]) -> f64 {
        let walked = |key, group| walk(key, clock.walked(group, at));
        spot_worth(spot, &walked, &|slot| self.worth(slot, clock, at, nudges))
    }

    fn formula(
        &self,
        slot: usize,
        at: Timestamp,
        nudges: &[f64],
        walked: &dyn Fn(u64, VenueGroup) -> f64,
        worth_of: &dyn Fn(usize) -> f64,
    ) -> f64 {
        let nudge = f64::exp(nudges.get(slot).copied().unwrap_or(0.0));
        let unnudged = match self.pricing[slot] {
            Pricing::Cash { rupees, beta, sigma, key } => {
                let index = beta * INDEX_SIGMA * walked(self.index_key, VenueGroup::Equity);
                rupees * f64::exp(index + sigma * walked(key, VenueGroup::Equity))
            }
            Pricing::Mirror { slot } => worth_of(slot),
            Pricing::Future { spot, expiry } => {
                spot_worth(spot, walked, worth_of) * f64::exp(CARRY * years(at, expiry))
            }
            Pricing::Option { spot, expiry, strike, call, volatility } => {
                let spot = spot_worth(spot, walked, worth_of);
                option_worth(spot, (strike, volatility), years(at, expiry), call)
            }
        };
        unnudged * nudge
    }

    /// The path's price as history knows it: without nudges and limits. A future may be priced as if it ended elsewhen.
    pub(crate) fn price_of_path(
        &self,
        (slot, ends): (usize, Option<Timestamp>),
        clock: &MarketClock,
        at: Timestamp,
        tick_size: Price,
    ) -> Price {
        let worth = match (&self.pricing[slot], ends) {
            (Pricing::Future { spot, .. }, Some(ends)) => {
                self.spot(*spot, clock, at, &[]) * f64::exp(CARRY * years(at, ends))
            }
            (
                Pricing::Cash { .. }
                | Pricing::Mirror { .. }
                | Pricing::Future { .. }
                | Pricing::Option { .. },
                _,
            ) => self.worth(slot, clock, at, &[]),
        };
        on_tick(worth, tick_size)
    }

    /// What an instrument derives from, without nudges of its own; itself where it derives from nothing.
    pub(crate) fn spot_behind(&self, slot: usize, clock: &MarketClock, at: Timestamp, nudges: &[f64]) -> f64 {
        match self.pricing[slot] {
            Pricing::Future { spot, .. } | Pricing::Option { spot, .. } => self.spot(spot, clock, at, nudges),
            Pricing::Cash { .. } | Pricing::Mirror { .. } => self.worth(slot, clock, at, nudges),
        }
    }
}

fn spot_worth(spot: Spot, walked: &dyn Fn(u64, VenueGroup) -> f64, worth_of: &dyn Fn(usize) -> f64) -> f64 {
    match spot {
        Spot::Slot(slot) => worth_of(slot),
        Spot::Path { rupees, sigma, key, group } => rupees * f64::exp(sigma * walked(key, group)),
    }
}

/// The nearest price on the tick, at least one tick.
pub(crate) fn on_tick(rupees: f64, tick_size: Price) -> Price {
    Price::from_wire(rupees).unwrap_or(tick_size).round_to(tick_size).max(tick_size)
}

fn cash_pricing(listing: &Listing, key: u64) -> Pricing {
    let token = listing.instrument.token;
    if token == NIFTY {
        return Pricing::Cash { rupees: 25_900.0, beta: 1.0, sigma: 0.0, key };
    }
    if token == BANK_NIFTY {
        return Pricing::Cash { rupees: 58_400.0, beta: 1.1, sigma: BANK_SIGMA, key };
    }
    let share = SHARES.iter().find(|share| share.exchange_token == listing.exchange_token);
    let (rupees, beta) = share.map_or((100.0, 1.0), |share| (share.rupees, share.beta));
    Pricing::Cash { rupees, beta, sigma: SHARE_SIGMA, key }
}

fn years(from: Timestamp, to: Timestamp) -> f64 {
    (to.micros_since(from) as f64 / 1e6 / YEAR_SECONDS).max(0.0)
}

/// Black and Scholes, with the carry as interest.
fn option_worth(spot: f64, (strike, volatility): (f64, f64), years: f64, call: bool) -> f64 {
    let discounted = strike * f64::exp(-CARRY * years);
    let spread = volatility * years.sqrt();
    if spread < 1e-9 {
        let intrinsic = if call { spot - strike } else { strike - spot };
        return intrinsic.max(0.0);
    }
    let d1 = (spot / discounted).ln() / spread + spread / 2.0;
    let d2 = d1 - spread;
    if call {
        spot * normal(d1) - discounted * normal(d2)
    } else {
        discounted * normal(-d2) - spot * normal(-d1)
    }
}

/// The normal distribution function (Abramowitz and Stegun 26.2.17, error below 1e-7).
fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = f64::exp(-x * x / 2.0) / f64::sqrt(2.0 * std::f64::consts::PI) * poly;
    if x >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_puts_keep_their_parity() {
        for (spot, strike, years) in [(25_900.0, 25_900.0, 0.02), (25_900.0, 26_150.0, 0.1)] {
            let difference = option_worth(spot, (strike, 0.13), years, true)
                - option_worth(spot, (strike, 0.13), years, false);
            let parity = spot - strike * f64::exp(-CARRY * years);
            assert!((difference - parity).abs() < 0.05, "{difference} {parity}");
        }
        assert_eq!(option_worth(110.0, (100.0, 0.13), 0.0, true), 10.0);
        assert_eq!(option_worth(110.0, (100.0, 0.13), 0.0, false), 0.0);
    }
}
