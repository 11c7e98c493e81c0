//! From a broker's cumulative order updates (filled so far, at an average) to single fills.
//!
//! The fill between two updates is the difference of their *notionals*: 50 @ 100 and then 100 @ 101 on average means
//! that the second 50 traded at 102. Updates may come twice and backwards; those add nothing.

use market::{Money, Price};
use serde::{Deserialize, Serialize};

/// How much of one order is booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FillProgress {
    filled: u32,
    notional: Money,
}

/// What traded between two updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillDelta {
    /// Units.
    pub quantity: u32,
    /// What they came to, exactly. Sums to the order's notional.
    pub notional: Money,
    /// The same per unit, rounded to 1/10 000 rupee.
    pub price: Price,
}

impl FillProgress {
    /// An order of which so much is booked already.
    pub fn at(filled: u32, notional: Money) -> Self {
        Self { filled, notional }
    }

    /// Units booked.
    pub fn filled(&self) -> u32 {
        self.filled
    }

    /// What they came to.
    pub fn notional(&self) -> Money {
        self.notional
    }

    /// Average over everything booked; zero before the first fill.
    pub fn average(&self) -> Price {
        self.notional.per_unit(i64::from(self.filled))
    }

    /// Takes one cumulative update. `None` when it says nothing new.
    pub fn update(&mut self, filled: u32, average: Price) -> Option<FillDelta> {
        let quantity = filled.checked_sub(self.filled).filter(|quantity| *quantity > 0)?;
        // Units never trade below nothing, so an average that says so is rounding or a slip of the broker's.
        let notional = (average * i64::from(filled)).max(self.notional);
        let delta = notional - self.notional;
        *self = Self { filled, notional };
        Some(FillDelta { quantity, notional: delta, price: delta.per_unit(i64::from(quantity)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_second_half_costs_the_difference_of_the_notionals() {
        let mut progress = FillProgress::default();
        progress.update(50, Price::from_rupees(100)).unwrap();
        let second = progress.update(100, Price::from_rupees(101)).unwrap();
        assert_eq!((second.quantity, second.price), (50, Price::from_rupees(102)));
    }

    #[test]
    fn repeated_and_older_updates_add_nothing() {
        let mut progress = FillProgress::default();
        assert_eq!(progress.update(0, Price::ZERO), None);
        progress.update(100, Price::from_rupees(101)).unwrap();
        assert_eq!(progress.update(100, Price::from_rupees(101)), None);
        assert_eq!(progress.update(50, Price::from_rupees(100)), None);
        assert_eq!(progress.filled(), 100);
    }

    proptest! {
        #[test]
        fn deltas_sum_to_the_orders_notional_whatever_updates_are_lost(
            fills in proptest::collection::vec((1u32..500, 1i64..1_000_000, any::<bool>()), 1..20)
        ) {
            let (mut filled, mut exact, mut told) = (0u32, 0i64, Money::ZERO);
            let mut progress = FillProgress::default();
            for (i, (quantity, price, seen)) in fills.iter().enumerate() {
                filled += quantity;
                exact += i64::from(*quantity) * price * 100;
                let average = Money::from_units(exact).per_unit(i64::from(filled));
                if *seen || i + 1 == fills.len() {
                    told += progress.update(filled, average).map_or(Money::ZERO, |delta| delta.notional);
                }
            }
            // The broker's average is rounded, by at most half a unit of 1/10 000 rupee per unit traded.
            prop_assert!((told.units() - exact).abs() <= i64::from(filled) / 2 + 1);
            prop_assert_eq!(told, progress.notional());
        }
    }
}
