//! What can be traded: venue, symbol, and the facts an order must respect.
//!
//! Knows the exchange's names for things. Does not know prices of the day or how a broker numbers segments.

use crate::price::Price;
use crate::time::TradingDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The broker's number for an instrument. Reused after expiry: identify by [`Symbol`] across days.
pub type InstrumentToken = u32;

/// Where an instrument is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Venue {
    /// National Stock Exchange, cash.
    Nse,
    /// Bombay Stock Exchange, cash.
    Bse,
    /// NSE futures and options.
    Nfo,
    /// BSE futures and options.
    Bfo,
    /// NSE currency derivatives.
    Cds,
    /// BSE currency derivatives.
    Bcd,
    /// Multi Commodity Exchange.
    Mcx,
    /// NSE commodities.
    Nco,
}

/// `NSE:INFY`: the one name that means the same instrument every day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    venue: Venue,
    name: Arc<str>,
}

/// Text that names no instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no instrument: write exchange and trading symbol, such as NSE:INFY")]
pub struct ParseSymbolError(pub String);

/// What kind of thing is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InstrumentKind {
    /// A share or fund unit.
    Equity,
    /// An index: quoted, never traded.
    Index,
    /// A future.
    Future,
    /// A call option.
    Call,
    /// A put option.
    Put,
}

/// One line of the day's instrument list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instrument {
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// Exchange and trading symbol.
    pub symbol: Symbol,
    /// The company or underlying.
    pub name: String,
    /// What kind of thing it is.
    pub kind: InstrumentKind,
    /// Prices must be multiples of this.
    pub tick_size: Price,
    /// Quantities must be multiples of this. 1 for shares.
    pub lot_size: u32,
    /// Last trading day of a derivative.
    pub expiry: Option<TradingDate>,
    /// Strike of an option, zero otherwise.
    pub strike: Price,
}

impl Venue {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Nse, Self::Bse, Self::Nfo, Self::Bfo, Self::Cds, Self::Bcd, Self::Mcx, Self::Nco];

    /// The exchange's own abbreviation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nse => "NSE",
            Self::Bse => "BSE",
            Self::Nfo => "NFO",
            Self::Bfo => "BFO",
            Self::Cds => "CDS",
            Self::Bcd => "BCD",
            Self::Mcx => "MCX",
            Self::Nco => "NCO",
        }
    }

    /// True where contracts expire.
    pub const fn is_derivatives(self) -> bool {
        !matches!(self, Self::Nse | Self::Bse)
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Venue {
    type Err = ParseSymbolError;
    fn from_str(text: &str) -> Result<Self, ParseSymbolError> {
        Self::ALL
            .into_iter()
            .find(|venue| venue.as_str() == text)
            .ok_or_else(|| ParseSymbolError(text.to_owned()))
    }
}

impl Symbol {
    /// From its parts. `None` when the name is empty, longer than 64 bytes or holds control characters or a colon.
    pub fn new(venue: Venue, name: &str) -> Option<Self> {
        let fine =
            !name.is_empty() && name.len() <= 64 && !name.contains(|c: char| c.is_control() || c == ':');
        fine.then(|| Self { venue, name: name.into() })
    }

    /// Where it is listed.
    pub const fn venue(&self) -> Venue {
        self.venue
    }

    /// The exchange's trading symbol.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.venue, self.name)
    }
}

impl FromStr for Symbol {
    type Err = ParseSymbolError;
    fn from_str(text: &str) -> Result<Self, ParseSymbolError> {
        let wrong = || ParseSymbolError(text.to_owned());
        let (venue, name) = text.split_once(':').ok_or_else(wrong)?;
        let venue = venue.parse().map_err(|_| wrong())?;
        Self::new(venue, name).ok_or_else(wrong)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl InstrumentKind {
    /// True for everything but an index.
    pub const fn is_tradable(self) -> bool {
        !matches!(self, Self::Index)
    }

    /// True for calls and puts.
    pub const fn is_option(self) -> bool {
        matches!(self, Self::Call | Self::Put)
    }
}
