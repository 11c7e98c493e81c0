//! The price of a call auction, from what is bid and offered at each limit. Pure: knows no order and no account.
//!
//! It is the price at which most units change hands; among several such the one that leaves the fewest units unserved;
//! among those the one nearest to the previous close, and of two as near the higher.

use market::Price;

/// Units wanted at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interest {
    pub(crate) limit: Price,
    pub(crate) units: u64,
}

/// The equilibrium price and the units that change hands at it; `None` where bids and offers do not meet.
pub(crate) fn equilibrium(bids: &[Interest], offers: &[Interest], close: Price) -> Option<(Price, u64)> {
    let candidates = bids.iter().chain(offers).map(|interest| interest.limit);
    let outcome = |price: Price| {
        let bid: u64 = bids.iter().filter(|bid| bid.limit >= price).map(|bid| bid.units).sum();
        let offered: u64 = offers.iter().filter(|offer| offer.limit <= price).map(|offer| offer.units).sum();
        (bid.min(offered), bid.abs_diff(offered))
    };
    let best = candidates.max_by_key(|price| {
        let (executable, unserved) = outcome(*price);
        let distance = (*price - close).units().unsigned_abs();
        (executable, std::cmp::Reverse(unserved), std::cmp::Reverse(distance), *price)
    })?;
    let units = outcome(best).0;
    (units > 0).then_some((best, units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interests(rows: &[(i64, u64)]) -> Vec<Interest> {
        rows.iter()
            .map(|(rupees, units)| Interest { limit: Price::from_rupees(*rupees), units: *units })
            .collect()
    }

    fn price(bids: &[(i64, u64)], offers: &[(i64, u64)], close: i64) -> Option<(i64, u64)> {
        let found = equilibrium(&interests(bids), &interests(offers), Price::from_rupees(close));
        found.map(|(price, units)| (price.units() / Price::from_rupees(1).units(), units))
    }

    #[test]
    fn most_units_change_hands() {
        assert_eq!(price(&[(105, 10), (102, 40)], &[(101, 30), (104, 50)], 100), Some((101, 30)));
        assert_eq!(price(&[(105, 10), (102, 40)], &[(101, 30), (102, 25)], 100), Some((102, 50)));
        assert_eq!(price(&[(99, 10)], &[(101, 30)], 100), None);
        assert_eq!(price(&[], &[(101, 30)], 100), None);
    }

    #[test]
    fn among_equals_the_fewest_are_left_unserved_then_the_nearest_to_the_close_counts() {
        // 30 units at 101 and at 103, but at 103 nobody who bids is left out.
        assert_eq!(price(&[(103, 30), (101, 20)], &[(101, 30)], 100), Some((103, 30)));
        assert_eq!(price(&[(104, 30)], &[(100, 30)], 101), Some((100, 30)));
        assert_eq!(price(&[(104, 30)], &[(100, 30)], 103), Some((104, 30)));
        assert_eq!(price(&[(104, 30)], &[(100, 30)], 102), Some((104, 30)));
    }
}
