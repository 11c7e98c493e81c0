//! What the market says: instruments, ticks, bars and the book, as a strategy reads them.
//!
//! Mirrors `wit/types.wit`; knows nothing of how the events arrive.

use crate::amounts::Price;
use crate::time::Timestamp;
use crate::token::Token;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What sort of thing an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum InstrumentKind {
    Equity,
    Index,
    Future,
    Call,
    Put,
    /// Something newer than this list.
    Other,
}

/// One instrument: what an order for it must respect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// The broker's number.
    pub token: Token,
    /// Exchange and trading symbol, such as `NSE:INFY`.
    pub symbol: String,
    /// The company or contract in words.
    pub name: String,
    /// What sort of thing it is.
    pub kind: InstrumentKind,
    /// Prices are multiples of this.
    pub tick_size: Price,
    /// Quantities are multiples of this.
    pub lot_size: u32,
    /// `YYYY-MM-DD`, empty where nothing expires.
    pub expiry: String,
    /// Zero where there is none.
    pub strike: Price,
    /// What else the host knows of it: names and values.
    pub tags: Vec<(String, String)>,
}

/// The newest snapshot of one instrument. Fields the feed did not carry are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tick {
    /// Which instrument, as a number; [`Tick::symbol`] has the name.
    pub token: Token,
    /// The exchange's time of the snapshot.
    pub time: Timestamp,
    /// Price of the last trade.
    pub last_price: Price,
    /// Units in the last trade.
    pub last_quantity: u32,
    /// Volume-weighted average of the day, as the exchange has it.
    pub average_price: Price,
    /// Units traded today.
    pub volume: u64,
    /// Units bid for in the whole book.
    pub buy_quantity: u64,
    /// Units offered in the whole book.
    pub sell_quantity: u64,
    /// Best bid.
    pub bid: Price,
    /// Best offer.
    pub ask: Price,
    /// First price of the day.
    pub open: Price,
    /// Highest price of the day.
    pub high: Price,
    /// Lowest price of the day.
    pub low: Price,
    /// The *previous* day's close.
    pub close: Price,
    /// Open interest; derivatives only.
    pub oi: u64,
}

impl Tick {
    /// Which instrument: `NSE:INFY`. Empty for an instrument the run does not have.
    pub fn symbol(&self) -> &'static str {
        crate::directory::symbol_of(self.token)
    }
}

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Interval {
    Minute,
    Minute3,
    Minute5,
    Minute10,
    Minute15,
    Minute30,
    Minute60,
    Day,
}

impl Interval {
    /// Every interval, shortest first.
    pub const ALL: [Interval; 8] = [
        Interval::Minute,
        Interval::Minute3,
        Interval::Minute5,
        Interval::Minute10,
        Interval::Minute15,
        Interval::Minute30,
        Interval::Minute60,
        Interval::Day,
    ];

    /// Its length in seconds; a day is 86 400.
    pub const fn seconds(self) -> u32 {
        match self {
            Interval::Minute => 60,
            Interval::Minute3 => 180,
            Interval::Minute5 => 300,
            Interval::Minute10 => 600,
            Interval::Minute15 => 900,
            Interval::Minute30 => 1_800,
            Interval::Minute60 => 3_600,
            Interval::Day => 86_400,
        }
    }

    /// Its length.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.seconds() as u64)
    }

    /// The interval of that many seconds.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.seconds() == seconds)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interval::Minute => "minute",
            Interval::Minute3 => "3minute",
            Interval::Minute5 => "5minute",
            Interval::Minute10 => "10minute",
            Interval::Minute15 => "15minute",
            Interval::Minute30 => "30minute",
            Interval::Minute60 => "60minute",
            Interval::Day => "day",
        })
    }
}

/// A finished bar, stamped with the start of its interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// Which instrument, as a number; [`Candle::symbol`] has the name.
    pub token: Token,
    /// How long it is.
    pub interval: Interval,
    /// When it begins.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded in it.
    pub volume: u64,
    /// Open interest at its end; derivatives only, zero where the source did not carry it.
    pub oi: u64,
}

impl Candle {
    /// Which instrument: `NSE:INFY`. Empty for an instrument the run does not have.
    pub fn symbol(&self) -> &'static str {
        crate::directory::symbol_of(self.token)
    }

    /// When its interval is over. The session may close before: the clock of the event is then the close.
    pub fn end(&self) -> Timestamp {
        self.start + self.interval.duration()
    }
}

/// One price level of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Where.
    pub price: Price,
    /// Units resting there.
    pub quantity: u32,
    /// Orders resting there.
    pub orders: u32,
}

/// The book, best first, at most five levels a side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depth {
    /// Bids.
    pub bids: Vec<Level>,
    /// Offers.
    pub asks: Vec<Level>,
}
