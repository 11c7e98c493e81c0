//! Open, high, low, close over an interval.
//!
//! A candle is stamped with the *start* of its interval, as Kite stamps it.

use crate::instrument::InstrumentToken;
use crate::order::UnknownWord;
use crate::price::Price;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How long a candle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Interval {
    /// One minute.
    #[serde(rename = "minute")]
    Minute,
    /// Three minutes.
    #[serde(rename = "3minute")]
    Minute3,
    /// Five minutes.
    #[serde(rename = "5minute")]
    Minute5,
    /// Ten minutes.
    #[serde(rename = "10minute")]
    Minute10,
    /// Fifteen minutes.
    #[serde(rename = "15minute")]
    Minute15,
    /// Thirty minutes.
    #[serde(rename = "30minute")]
    Minute30,
    /// One hour.
    #[serde(rename = "60minute")]
    Minute60,
    /// One day.
    #[serde(rename = "day")]
    Day,
}

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candle {
    /// Which instrument.
    pub token: InstrumentToken,
    /// How long the bar is.
    pub interval: Interval,
    /// When the bar begins.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded in the bar.
    pub volume: u64,
    /// Open interest at its end; derivatives only, zero where the source did not carry it.
    #[serde(default)]
    pub oi: u64,
}

impl Interval {
    /// All of them, shortest first.
    pub const ALL: [Self; 8] = [
        Self::Minute,
        Self::Minute3,
        Self::Minute5,
        Self::Minute10,
        Self::Minute15,
        Self::Minute30,
        Self::Minute60,
        Self::Day,
    ];

    /// Kite's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Minute3 => "3minute",
            Self::Minute5 => "5minute",
            Self::Minute10 => "10minute",
            Self::Minute15 => "15minute",
            Self::Minute30 => "30minute",
            Self::Minute60 => "60minute",
            Self::Day => "day",
        }
    }

    /// Its length in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Minute3 => 180,
            Self::Minute5 => 300,
            Self::Minute10 => 600,
            Self::Minute15 => 900,
            Self::Minute30 => 1_800,
            Self::Minute60 => 3_600,
            Self::Day => 86_400,
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Interval {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == text).ok_or_else(|| UnknownWord {
            word: text.to_owned(),
            kind: "interval",
            allowed: "minute 3minute 5minute 10minute 15minute 30minute 60minute day",
        })
    }
}
