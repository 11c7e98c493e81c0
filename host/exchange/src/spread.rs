//! What a basket of futures and options binds when its legs hedge each other.
//!
//! A simplified SPAN: every underlying is moved by up to the percentage that its futures bind, in both directions; options
//! are worth their intrinsic value then. Legs that lose together bind what each binds alone; where one gains what
//! another loses, all of them bind as much less, down to a tenth, which stands for what no scenario shows (the spread
//! between months, a change of volatility). Knows no account.

use crate::account::contract_percent;
use crate::exchange::Exchange;
use crate::underlyings::Underlying;
use market::{InstrumentKind, Money, Price, Symbol, Venue};
use std::collections::BTreeMap;

/// Moves in each direction.
const STEPS: i64 = 10;
/// The least part of the sum that a hedged basket binds.
const LEAST_PERCENT: i64 = 10;

/// One leg of a basket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpreadLeg {
    /// What.
    pub symbol: Symbol,
    /// Signed, in quantities of the instrument.
    pub quantity: i64,
    /// What it binds alone; nothing for what is held already.
    pub span: Money,
}

/// One leg as the scenarios see it.
struct Exposure {
    kind: InstrumentKind,
    spot: Price,
    strike: Price,
    /// Signed, with the multiplier.
    units: i64,
    span: Money,
    percent: i64,
}

impl Exchange {
    /// What these legs bind together as margin, beside others that are held.
    pub fn span_of_spread(&self, legs: &[SpreadLeg], held: &[SpreadLeg]) -> Money {
        let (legs, mut held) = (self.exposures(legs), self.exposures(held));
        let together = legs.into_iter().map(|(key, legs)| {
            let held = key.and_then(|_| held.remove(&key)).unwrap_or_default();
            if key.is_some() { bound(&legs, &held) } else { legs.iter().map(|leg| leg.span).sum() }
        });
        together.sum()
    }

    /// By what the legs derive from; what derives from nothing hedges nothing.
    fn exposures(&self, legs: &[SpreadLeg]) -> BTreeMap<Option<(Venue, &'static str)>, Vec<Exposure>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for leg in legs {
            let Some(slot) = self.tape.slot_of(&leg.symbol) else { continue };
            let listing = &self.tape.listings[slot];
            let exposure = Exposure {
                kind: listing.instrument.kind,
                spot: self.tape.spot_price(slot, self.now),
                strike: listing.instrument.strike,
                units: leg.quantity * listing.multiplier,
                span: leg.span,
                percent: contract_percent(listing.group()),
            };
            let key =
                Underlying::of(&listing.instrument).map(|underlying| (underlying.venue, underlying.name));
            all.entry(key).or_default().push(exposure);
        }
        all
    }
}

impl Exposure {
    /// What the leg is worth at an underlying that has moved by a part of its percentage, as its owner sees it.
    fn worth(&self, step: i64) -> Money {
        let moved = self.spot.units() * self.percent * step / (STEPS * 100);
        let spot = Price::from_units(self.spot.units() + moved);
        let each = match self.kind {
            InstrumentKind::Equity | InstrumentKind::Index | InstrumentKind::Future => {
                Price::from_units(moved)
            }
            InstrumentKind::Call => (spot - self.strike).max(Price::ZERO),
            InstrumentKind::Put => (self.strike - spot).max(Price::ZERO),
        };
        each * self.units
    }
}

/// The sum of what the legs bind, less what they hedge.
fn bound(legs: &[Exposure], held: &[Exposure]) -> Money {
    let sum: Money = legs.iter().map(|leg| leg.span).sum();
    let alone: Money = legs.iter().map(|leg| worst(&[leg])).sum();
    let of_held: Vec<&Exposure> = held.iter().collect();
    let all: Vec<&Exposure> = legs.iter().chain(held).collect();
    let added = (worst(&all) - worst(&of_held)).max(Money::ZERO);
    if alone <= Money::ZERO || added >= alone {
        return sum;
    }
    let least = sum.scaled(LEAST_PERCENT, 100);
    sum.scaled(added.units(), alone.units()).max(least)
}

/// The largest loss over all moves.
fn worst(legs: &[&Exposure]) -> Money {
    let losses = (-STEPS..=STEPS).map(|step| -legs.iter().map(|leg| leg.worth(step)).sum::<Money>());
    losses.max().unwrap_or(Money::ZERO).max(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(kind: InstrumentKind, strike: i64, units: i64, span: i64) -> Exposure {
        Exposure {
            kind,
            spot: Price::from_rupees(100),
            strike: Price::from_rupees(strike),
            units,
            span: Money::from_rupees(span),
            percent: 12,
        }
    }

    #[test]
    fn one_leg_binds_what_it_binds_alone() {
        let short_call = [leg(InstrumentKind::Call, 104, -10, 125)];
        assert_eq!(bound(&short_call, &[]), Money::from_rupees(125));
        let long_future = [leg(InstrumentKind::Future, 0, 10, 120)];
        assert_eq!(bound(&long_future, &[]), Money::from_rupees(120));
    }

    #[test]
    fn a_bought_call_above_a_sold_one_bounds_its_loss() {
        // At 112 the sold one has lost 12 and the bought one gained 9: a quarter remains.
        let spread = [leg(InstrumentKind::Call, 100, -10, 120), leg(InstrumentKind::Call, 103, 10, 0)];
        assert_eq!(bound(&spread, &[]), Money::from_rupees(30));
        let held = [leg(InstrumentKind::Call, 103, 10, 0)];
        assert_eq!(bound(&spread[..1], &held), Money::from_rupees(30));
    }

    #[test]
    fn months_that_oppose_each_other_still_bind_a_tenth() {
        let months = [leg(InstrumentKind::Future, 0, 10, 120), leg(InstrumentKind::Future, 0, -10, 120)];
        assert_eq!(bound(&months, &[]), Money::from_rupees(24));
    }

    #[test]
    fn legs_that_lose_together_bind_their_sum() {
        let both = [leg(InstrumentKind::Future, 0, -10, 120), leg(InstrumentKind::Call, 100, -10, 120)];
        assert_eq!(bound(&both, &[]), Money::from_rupees(240));
    }
}
