//! A percentage in fixed point, 1/10 000 of a percent. A JSON number at the wire, never a float within.

use market::Price;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(i64);

impl Percent {
    /// One percent, in units.
    const ONE: i64 = 10_000;

    /// So many whole percent.
    pub const fn whole(percent: i64) -> Self {
        Self(percent.saturating_mul(Self::ONE))
    }

    /// True when it allows something.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// True when `part` is more than this percentage of `whole`.
    pub(crate) fn is_passed_by(self, part: i64, whole: i64) -> bool {
        i128::from(part) * i128::from(100 * Self::ONE) > i128::from(whole) * i128::from(self.0)
    }

    /// The fixed point has four decimals, as prices have, so it travels as they do.
    const fn carried(self) -> Price {
        Price::from_units(self.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.carried().to_string();
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.carried().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Price::deserialize(deserializer).map(|carried| Self(carried.units()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_exact_and_travels_as_a_number() {
        let band: Percent = serde_json::from_str("2.5").unwrap();
        assert_eq!(
            (band.to_string().as_str(), serde_json::to_string(&band).unwrap().as_str()),
            ("2.5", "2.5")
        );
        assert!(!band.is_passed_by(25, 1_000) && band.is_passed_by(26, 1_000));
        assert!(
            !band.is_passed_by(i64::MIN, i64::MAX) && Percent::whole(20).is_passed_by(i64::MAX, i64::MAX)
        );
        assert_eq!(Percent::whole(20).to_string(), "20");
    }
}
