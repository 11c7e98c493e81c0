//! Fixed-point money: 1/10 000 rupee in an `i64`, because currency contracts quote four decimals.
//!
//! Arithmetic stops at the ends of the range: an amount that wrapped would turn a loss into a gain.
//! Floats exist only at the wire: [`serde`] writes a plain JSON number and reads one back, both exact for every
//! amount below 2 × 10¹¹ rupees (2⁵¹ units). Nothing here knows what an amount is for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

/// How many units make one rupee.
pub const UNITS_PER_RUPEE: i64 = 10_000;

/// Text that is no amount of rupees.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount: write rupees with up to four decimals, such as 1412.95")]
pub struct ParsePriceError(pub String);

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
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

            /// From whole paise.
            pub const fn from_paise(paise: i64) -> Self {
                Self(paise.saturating_mul(UNITS_PER_RUPEE / 100))
            }

            /// From whole rupees.
            pub const fn from_rupees(rupees: i64) -> Self {
                Self(rupees.saturating_mul(UNITS_PER_RUPEE))
            }

            /// The nearest amount to a float read from a wire. `None` for NaN, infinities and what does not fit.
            pub fn from_wire(rupees: f64) -> Option<Self> {
                let units = (rupees * UNITS_PER_RUPEE as f64).round();
                let fits = units.is_finite() && units.abs() < 9.0e18;
                fits.then_some(Self(units as i64))
            }

            /// As a float for a wire that wants one.
            pub fn to_wire(self) -> f64 {
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

            /// Sum that stops at the ends of the range instead of wrapping.
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
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

        impl FromStr for $name {
            type Err = ParsePriceError;
            fn from_str(text: &str) -> Result<Self, ParsePriceError> {
                parse_units(text).map(Self).ok_or_else(|| ParsePriceError(text.to_owned()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(self.to_wire())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let rupees = f64::deserialize(deserializer)?;
                Self::from_wire(rupees).ok_or_else(|| serde::de::Error::custom("an amount out of range"))
            }
        }
    };
}

fixed_point! {
    /// What one unit of an instrument costs, in 1/10 000 rupee.
    Price
}

fixed_point! {
    /// An amount of money, in 1/10 000 rupee. What a quantity at a price comes to.
    Money
}

impl Price {
    /// True when the price is a whole multiple of the tick size. A tick size of zero allows every price.
    pub const fn is_multiple_of(self, tick_size: Price) -> bool {
        tick_size.0 == 0 || self.0 % tick_size.0 == 0
    }

    /// The nearest multiple of the tick size, halves away from zero.
    pub const fn round_to(self, tick_size: Price) -> Self {
        if tick_size.0 <= 0 {
            return self;
        }
        let half = if self.0 >= 0 { tick_size.0 / 2 } else { -(tick_size.0 / 2) };
        Self(self.0.saturating_add(half) / tick_size.0 * tick_size.0)
    }

    /// Price × quantity. `None` when the product does not fit.
    pub fn checked_notional(self, quantity: i64) -> Option<Money> {
        self.0.checked_mul(quantity).map(Money)
    }
}

impl Mul<i64> for Price {
    type Output = Money;
    /// Price × quantity, saturating at the ends of the range.
    fn mul(self, quantity: i64) -> Money {
        Money(self.0.saturating_mul(quantity))
    }
}

impl Money {
    /// The price per unit of this amount over a quantity, rounded half away from zero. Zero for a zero quantity.
    pub fn per_unit(self, quantity: i64) -> Price {
        Price(divide_rounded(i128::from(self.0), i128::from(quantity)))
    }

    /// This amount × `numerator` / `denominator`, rounded half away from zero.
    pub fn scaled(self, numerator: i64, denominator: i64) -> Self {
        Self(divide_rounded(i128::from(self.0) * i128::from(numerator), i128::from(denominator)))
    }

    /// Rounded half away from zero to whole paise.
    pub fn round_to_paise(self) -> Self {
        Self(divide_rounded(i128::from(self.0), 100) * 100)
    }
}

impl Mul<i64> for Money {
    type Output = Self;
    /// An amount several times over, saturating at the ends of the range.
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

fn divide_rounded(numerator: i128, denominator: i128) -> i64 {
    if denominator == 0 {
        return 0;
    }
    let (n, d) = if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let rounded = if n >= 0 { (n + d / 2) / d } else { (n - d / 2) / d };
    rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

fn parse_units(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let well_formed =
        !whole.is_empty() && all_digits(whole) && all_digits(fraction) && !digits.ends_with('.');
    // Kite writes "0.0025000" in places: zeros past the fourth decimal carry nothing.
    let kept = fraction.trim_end_matches('0');
    if !well_formed || kept.len() > 4 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{kept:0<4}").parse().ok()?;
    let units = whole.checked_mul(UNITS_PER_RUPEE)?.checked_add(fraction)?;
    Some(if negative { -units } else { units })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_print_two_decimals_and_four_where_they_need_them() {
        for (units, text) in [(14_129_500, "1412.95"), (832_525, "83.2525"), (-500, "-0.05"), (0, "0.00")] {
            assert_eq!(Price::from_units(units).to_string(), text);
            assert_eq!(text.parse::<Price>().unwrap().units(), units);
        }
    }

    #[test]
    fn text_that_is_no_amount_is_refused() {
        for text in ["", "-", "1.", ".5", "1e3", "1,000", "NaN", "1.00001", "99999999999999999999"] {
            assert!(text.parse::<Price>().is_err(), "{text}");
        }
    }

    #[test]
    fn rounding_goes_to_the_nearest_tick() {
        let tick = Price::from_paise(5);
        assert_eq!(Price::from_paise(102).round_to(tick), Price::from_paise(100));
        assert_eq!(Price::from_paise(103).round_to(tick), Price::from_paise(105));
        assert!(Price::from_paise(105).is_multiple_of(tick));
    }

    #[test]
    fn amounts_at_the_ends_of_the_range_stay_there() {
        let (most, least) = (Money::from_units(i64::MAX), Money::from_units(i64::MIN));
        assert_eq!((most + most, least - most, -least, least.abs()), (most, least, most, most));
        let (mut up, mut down) = (most, least);
        up += most;
        down -= most;
        assert_eq!((up, down, [most, most].into_iter().sum::<Money>()), (most, least, most));
        assert_eq!((Price::from_rupees(i64::MAX), Price::from_paise(i64::MIN)).0.units(), i64::MAX);
        assert!(Price::from_units(i64::MAX).round_to(Price::from_paise(5)) > Price::ZERO);
    }

    proptest! {
        #[test]
        fn json_numbers_are_exact(units in -(1i64 << 51)..(1i64 << 51)) {
            let price = Price::from_units(units);
            let json = serde_json::to_string(&price).unwrap();
            prop_assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
        }
    }
}
