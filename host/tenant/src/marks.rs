//! The newest price of every instrument of one tenant, with its time. The feed writes it; whoever values something reads
//! it. How old is too old is for the reader to say.

use market::{InstrumentToken, Price, Tick, Timestamp};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// The newest price of every instrument that ticked, with the time of its tick.
#[derive(Default)]
pub(crate) struct Marks {
    last: RwLock<HashMap<InstrumentToken, (Price, Timestamp)>>,
    closes: RwLock<HashMap<InstrumentToken, Price>>,
}

impl Marks {
    /// The newest price, however old, and the exchange's time of it: for valuing what is held.
    pub(crate) fn last(&self, token: InstrumentToken) -> Option<(Price, Timestamp)> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
    }

    /// The newest price, where it is no older than so many seconds: for what is about to trade.
    pub(crate) fn fresh_price(
        &self,
        token: InstrumentToken,
        now: Timestamp,
        max_age_s: i64,
    ) -> Option<Price> {
        let (price, time) = self.last(token)?;
        (now <= time.plus_seconds(max_age_s)).then_some(price)
    }

    /// The close of the day before, as the newest tick has it.
    pub(crate) fn previous_close(&self, token: InstrumentToken) -> Option<Price> {
        self.closes.read().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
    }

    pub(crate) fn note(&self, ticks: &[Tick]) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        for tick in ticks.iter().filter(|tick| tick.last_price > Price::ZERO) {
            last.insert(tick.token, (tick.last_price, tick.time));
        }
        drop(last);
        let mut closes = self.closes.write().unwrap_or_else(PoisonError::into_inner);
        for tick in ticks.iter().filter(|tick| tick.close > Price::ZERO) {
            closes.insert(tick.token, tick.close);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_price_still_values_what_is_held_but_is_unknown_to_what_is_about_to_trade() {
        let (marks, at) = (Marks::default(), Timestamp::from_seconds(1_795_415_400));
        let price = Price::from_rupees(100);
        marks.note(&[Tick::at(1, at, price), Tick::at(2, at, Price::ZERO)]);
        assert_eq!(marks.fresh_price(1, at.plus_seconds(60), 60), Some(price));
        assert_eq!(marks.fresh_price(1, at.plus_seconds(61), 60), None);
        assert_eq!((marks.last(1), marks.last(2)), (Some((price, at)), None));
    }
}
