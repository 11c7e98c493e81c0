//! One listed instrument, with what the exchange knows of it beyond the public list.

use market::{Instrument, InstrumentToken};
use serde::Serialize;

/// The `segment` column of Kite's instrument list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Segment {
    /// Shares.
    #[serde(rename = "NSE")]
    Nse,
    /// Indices.
    #[serde(rename = "INDICES")]
    Indices,
    /// Futures.
    #[serde(rename = "NFO-FUT")]
    NfoFut,
    /// Options.
    #[serde(rename = "NFO-OPT")]
    NfoOpt,
}

/// One listed instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The public line.
    pub instrument: Instrument,
    /// The exchange's number; `token = exchange_token × 256 + segment code`.
    pub exchange_token: u32,
    /// Which segment.
    pub segment: Segment,
    /// The largest quantity of one order.
    pub freeze_quantity: u32,
    /// What it derives from, for futures and options.
    pub underlying: Option<InstrumentToken>,
    /// Daily price band around the previous close, in percent.
    pub circuit_percent: i64,
}

impl Segment {
    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nse => "NSE",
            Self::Indices => "INDICES",
            Self::NfoFut => "NFO-FUT",
            Self::NfoOpt => "NFO-OPT",
        }
    }
}

impl Listing {
    /// The `instrument_type` column: EQ FUT CE PE.
    pub const fn type_word(&self) -> &'static str {
        use market::InstrumentKind as Kind;
        match self.instrument.kind {
            Kind::Equity | Kind::Index => "EQ",
            Kind::Future => "FUT",
            Kind::Call => "CE",
            Kind::Put => "PE",
        }
    }
}
