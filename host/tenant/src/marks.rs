//! The newest price of every instrument of one tenant. The feed writes it; whoever values something reads it.

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
    pub(crate) fn last_price(&self, token: InstrumentToken) -> Option<Price> {
        self.last(token).map(|(price, _)| price)
    }

    /// The newest price, and when the exchange told it.
    pub(crate) fn last(&self, token: InstrumentToken) -> Option<(Price, Timestamp)> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
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
