//! How far from its price a cover order's stop may lie (reference §5, trigger range).
//!
//! A pure function of side, price and percentage. The percentage follows Kite's own sample of a trigger range: INFY's
//! lower bound there is 5.5 % below its upper one, which is the last price.

use market::{Price, Side};

/// How far the stop of a share or a future may lie from the price, in 1/100 percent.
pub(crate) const BAND: i64 = 550;
/// The same for options, whose prices move by more, in 1/100 percent.
pub(crate) const OPTION_BAND: i64 = 2_000;
/// 100 %, in 1/100 percent.
const WHOLE: i64 = 10_000;

/// The lowest and the highest price that the stop of a cover order may have. One of the two is the price itself, on
/// which no stop may stand.
pub(crate) fn range(side: Side, price: Price, band: i64) -> (Price, Price) {
    let reach = Price::from_units(price.units() * band / WHOLE);
    match side {
        Side::Buy => (price - reach, price),
        Side::Sell => (price, price + reach),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_kites_own_sample_comes_out() {
        let last = Price::from_paise(113_820);
        assert_eq!(range(Side::Buy, last, BAND), (Price::from_units(10_755_990), last));
        assert_eq!(range(Side::Sell, last, BAND), (last, Price::from_units(12_008_010)));
    }
}
