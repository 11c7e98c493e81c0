//! The newest price of every instrument of one tenant. The feed writes it; whoever values something reads it.

use market::{InstrumentToken, Price, Tick};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// The newest price of every instrument that ticked.
#[derive(Default)]
pub(crate) struct Marks {
    last: RwLock<HashMap<InstrumentToken, Price>>,
}

impl Marks {
    pub(crate) fn last_price(&self, token: InstrumentToken) -> Option<Price> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
    }

    pub(crate) fn note(&self, ticks: &[Tick]) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        for tick in ticks.iter().filter(|tick| tick.last_price > Price::ZERO) {
            last.insert(tick.token, tick.last_price);
        }
    }
}
