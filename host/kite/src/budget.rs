//! The names of the account's request budgets. Knows no counter and no limit.

use std::fmt;

/// What a request is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Budget {
    /// Place, modify, cancel: in any second.
    OrdersPerSecond,
    /// The same in any minute.
    OrdersPerMinute,
    /// The same on one IST date.
    OrdersPerDay,
    /// Quote, ohlc, ltp.
    Quotes,
    /// Candles.
    Historical,
    /// Everything else.
    Others,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OrdersPerSecond => "order requests per second",
            Self::OrdersPerMinute => "order requests per minute",
            Self::OrdersPerDay => "order requests per day",
            Self::Quotes => "quote requests per second",
            Self::Historical => "candle requests per second",
            Self::Others => "requests per second",
        })
    }
}
