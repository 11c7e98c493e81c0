//! Every limit of the wire, with its default and unit.
//!
//! The defaults are Kite's published ones where Kite sets them.

use crate::ticker::TickerLimits;
use std::time::Duration;

/// The account's request budgets. They hold in *any* second and minute, because the broker's seconds are not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Place, modify and cancel together, in any second.
    pub orders_per_second: u32,
    /// The same in any minute.
    pub orders_per_minute: u32,
    /// The same per IST date.
    pub orders_per_day: u32,
    /// Quote, ohlc and ltp together, in any second.
    pub quotes_per_second: u32,
    /// Historical candles, in any second.
    pub historical_per_second: u32,
    /// Everything else, in any second.
    pub others_per_second: u32,
    /// The longest that a read waits for its turn, in seconds.
    pub read_wait_s: u32,
    /// The longest that a withdrawal waits for its turn, in seconds. New and changed orders never wait.
    pub withdrawal_wait_s: u32,
    /// By how much longer the ways of two requests to the broker may differ, in milliseconds: requests that leave apart may
    /// arrive together.
    pub jitter_ms: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            orders_per_second: 10,
            orders_per_minute: 400,
            orders_per_day: 5_000,
            quotes_per_second: 1,
            historical_per_second: 3,
            others_per_second: 10,
            read_wait_s: 10,
            withdrawal_wait_s: 10,
            jitter_ms: 250,
        }
    }
}

/// How long and how large one exchange of bytes may be, and the account's budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// One request from first byte out to last byte in.
    pub request_timeout: Duration,
    /// Making the connection to one of the peer's addresses, and through a proxy. Shorter than the above, so that a peer that cannot be
    /// reached is a definite *not sent*; and within the second in which a kill switch promises to stop what leaves.
    pub connect_timeout: Duration,
    /// The answer to anything but the bulky reads below, in bytes after decompression.
    pub body_bytes: usize,
    /// The day's orders and trades, and candles: 5 000 orders of 1 kB do not fit into the above.
    pub bulk_body_bytes: usize,
    /// The instrument list: about 100 000 lines.
    pub instruments_body_bytes: usize,
    /// Fetching the instrument list.
    pub instruments_timeout: Duration,
    /// The account's request budgets.
    pub rates: RateLimits,
    /// The live feed.
    pub ticker: TickerLimits,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(7),
            connect_timeout: Duration::from_secs(1),
            body_bytes: 1 << 20,
            bulk_body_bytes: 16 << 20,
            instruments_body_bytes: 64 << 20,
            instruments_timeout: Duration::from_secs(60),
            rates: RateLimits::default(),
            ticker: TickerLimits::default(),
        }
    }
}
