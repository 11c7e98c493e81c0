//! The day's instrument list, found by symbol and by token; and which day that is.

use market::{Instrument, InstrumentToken, Symbol, Timestamp, TradingDate};
use std::collections::HashMap;

/// Kite writes the list anew about 08:30 IST, in seconds after midnight: until then it is the list of the day before.
const LIST_TURNS_S: i64 = 8 * 3600 + 30 * 60;
/// How much later than that it may come, in seconds.
const LIST_MARGIN_S: i64 = 10 * 60;

/// The list of one day.
#[derive(Debug, Clone)]
pub struct InstrumentList {
    date: TradingDate,
    all: Vec<Instrument>,
    by_symbol: HashMap<Symbol, usize>,
    by_token: HashMap<InstrumentToken, usize>,
}

impl InstrumentList {
    /// Indexes the list of an instrument day.
    pub fn new(date: TradingDate, all: Vec<Instrument>) -> Self {
        let by_symbol = all.iter().enumerate().map(|(at, i)| (i.symbol.clone(), at)).collect();
        let by_token = all.iter().enumerate().map(|(at, i)| (i.token, at)).collect();
        Self { date, all, by_symbol, by_token }
    }

    /// The instrument day it is for: lot sizes, tick sizes and tokens may be others on the next.
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

/// The instrument day of an instant: it turns when the new list can be relied on, not at midnight.
pub(crate) fn instrument_day(now: Timestamp) -> TradingDate {
    now.plus_seconds(-(LIST_TURNS_S + LIST_MARGIN_S)).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_read_before_the_new_one_is_written_is_of_the_day_before() {
        let day = |text: &str| instrument_day(Timestamp::parse_ist(text).unwrap()).to_string();
        assert_eq!(day("2026-11-23 08:39:59"), "2026-11-22");
        assert_eq!(day("2026-11-23 08:40:00"), "2026-11-23");
        assert_eq!(day("2026-11-23 23:59:59"), "2026-11-23");
        assert_eq!(day("2026-11-24 00:00:01"), "2026-11-23");
    }
}
