//! The day's instrument list, found by symbol and by token.

use market::{Instrument, InstrumentToken, Symbol, TradingDate};
use std::collections::HashMap;

/// The list of one day.
#[derive(Debug, Clone)]
pub struct InstrumentList {
    date: TradingDate,
    all: Vec<Instrument>,
    by_symbol: HashMap<Symbol, usize>,
    by_token: HashMap<InstrumentToken, usize>,
}

impl InstrumentList {
    /// Indexes a day's list.
    pub fn new(date: TradingDate, all: Vec<Instrument>) -> Self {
        let by_symbol = all.iter().enumerate().map(|(at, i)| (i.symbol.clone(), at)).collect();
        let by_token = all.iter().enumerate().map(|(at, i)| (i.token, at)).collect();
        Self { date, all, by_symbol, by_token }
    }

    /// The day it is for.
    pub fn date(&self) -> TradingDate {
        self.date
    }

    /// By exchange and trading symbol.
    pub fn by_symbol(&self, symbol: &Symbol) -> Option<&Instrument> {
        self.by_symbol.get(symbol).map(|at| &self.all[*at])
    }

    /// By the broker's number.
    pub fn by_token(&self, token: InstrumentToken) -> Option<&Instrument> {
        self.by_token.get(&token).map(|at| &self.all[*at])
    }

    /// Every line.
    pub fn all(&self) -> &[Instrument] {
        &self.all
    }
}
