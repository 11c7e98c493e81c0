//! Fixed-point money and whole quantities: 1/10 000 rupee in an `i64`, units in a `u32`.
//!
//! Floats come in at the edges only (literals in a strategy, indicators) and are rounded once. Nothing here
//! knows what an amount is for.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

const UNITS_PER_RUPEE: i64 = 10_000;

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// From units of 1/10 000 rupee.
            pub const fn from_units(units: i64) -> Self {
                Self(units)
            }

            /// In units of 1/10 000 rupee.
            pub const fn units(self) -> i64 {
                self.0
            }

            /// From whole paise, stopping at the ends of the range.
            pub const fn paise(paise: i64) -> Self {
                Self(paise.saturating_mul(UNITS_PER_RUPEE / 100))
            }

            /// From whole rupees, stopping at the ends of the range.
            pub const fn rupees(rupees: i64) -> Self {
                Self(rupees.saturating_mul(UNITS_PER_RUPEE))
            }

            /// In rupees, for indicators and other arithmetic that wants floats.
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / UNITS_PER_RUPEE as f64
            }

            /// The amount without its sign.
            pub const fn abs(self) -> Self {
                Self(self.0.saturating_abs())
            }

            /// True for zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// This many percent of the amount, rounded to the nearest unit.
            pub fn percent(self, percent: f64) -> Self {
                Self((self.0 as f64 * percent / 100.0).round() as i64)
            }
        }

        impl From<f64> for $name {
            /// From rupees, rounded to 1/10 000. What is no number becomes zero.
            fn from(rupees: f64) -> Self {
                Self((rupees * UNITS_PER_RUPEE as f64).round() as i64)
            }
        }

        impl From<i32> for $name {
            /// From whole rupees.
            fn from(rupees: i32) -> Self {
                Self::rupees(rupees.into())
            }
        }

        impl From<$name> for f64 {
            fn from(amount: $name) -> f64 {
                amount.to_f64()
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(self.0.saturating_neg())
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
                amounts.fold(Self::ZERO, Add::add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let sign = if self.0 < 0 { "-" } else { "" };
                let units = self.0.unsigned_abs();
                let (rupees, rest) = (units / UNITS_PER_RUPEE as u64, units % UNITS_PER_RUPEE as u64);
                if rest % 100 == 0 {
                    write!(f, "{sign}{rupees}.{:02}", rest / 100)
                } else {
                    write!(f, "{sign}{rupees}.{rest:04}")
                }
            }
        }
    };
}

fixed_point! {
    /// What one unit of an instrument costs, in 1/10 000 rupee. `Price::from(1412.95)`, `Price::paise(141_295)`.
    Price
}

fixed_point! {
    /// An amount of money, in 1/10 000 rupee: what a quantity at a price comes to.
    Money
}

impl Price {
    /// The nearest multiple of the tick size, halves away from zero; at the ends of the range the last one that fits.
    pub const fn round_to(self, tick_size: Price) -> Self {
        if tick_size.0 <= 0 {
            return self;
        }
        let half = if self.0 >= 0 { tick_size.0 / 2 } else { -(tick_size.0 / 2) };
        Self(self.0.saturating_add(half) / tick_size.0 * tick_size.0)
    }
}

impl Mul<i64> for Price {
    type Output = Money;
    /// Price × quantity, stopping at the ends of the range.
    fn mul(self, quantity: i64) -> Money {
        Money(self.0.saturating_mul(quantity))
    }
}

impl Mul<Quantity> for Price {
    type Output = Money;
    fn mul(self, quantity: Quantity) -> Money {
        self * i64::from(quantity.0)
    }
}

/// How many units. Integer literals become one by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    /// That many units.
    pub const fn new(units: u32) -> Self {
        Self(units)
    }

    /// The number of units.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<u32> for Quantity {
    fn from(units: u32) -> Self {
        Self(units)
    }
}

impl From<i32> for Quantity {
    /// What is negative becomes zero, which every order refuses.
    fn from(units: i32) -> Self {
        Self(u32::try_from(units).unwrap_or(0))
    }
}

impl From<i64> for Quantity {
    /// What does not fit becomes zero, which every order refuses.
    fn from(units: i64) -> Self {
        Self(u32::try_from(units).unwrap_or(0))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_become_amounts_and_print_as_rupees() {
        assert_eq!(Price::from(1412.95), Price::paise(141_295));
        assert_eq!(Price::from(83.2525).to_string(), "83.2525");
        assert_eq!(Money::from(-3).to_string(), "-3.00");
        assert_eq!(Price::from(f64::NAN), Price::ZERO);
    }

    #[test]
    fn prices_round_to_the_tick_and_take_percentages() {
        assert_eq!(Price::from(100.03).round_to(Price::paise(5)), Price::from(100.05));
        assert_eq!(Price::from(200).percent(1.5), Price::from(3));
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_the_range_and_never_wraps() {
        let (lowest, highest) = (Price::from_units(i64::MIN), Price::from_units(i64::MAX));
        assert_eq!((-lowest, lowest.abs()), (highest, highest));
        assert_eq!((Price::rupees(i64::MAX), Price::paise(i64::MIN)), (highest, lowest));
        assert_eq!((highest + Price::paise(1), lowest - Price::paise(1)), (highest, lowest));
        assert!(highest.round_to(Price::paise(5)) > Price::ZERO);
        assert_eq!(highest.percent(1e9), highest);
    }

    #[test]
    fn a_quantity_that_does_not_fit_is_zero() {
        assert_eq!(Quantity::from(-1), Quantity::new(0));
        assert_eq!(Quantity::from(1_i64 << 40), Quantity::new(0));
        assert_eq!(Price::from(10) * Quantity::new(3), Money::from(30));
    }
}
