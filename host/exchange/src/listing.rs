//! One listed instrument, with what the exchange knows of it beyond the public list.

use market::{Instrument, InstrumentKind, InstrumentToken, Price, Venue, VenueGroup};
use serde::Serialize;

/// The `segment` column of Kite's instrument list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Segment {
    #[serde(rename = "NSE")]
    Nse,
    #[serde(rename = "BSE")]
    Bse,
    #[serde(rename = "INDICES")]
    Indices,
    #[serde(rename = "NFO-FUT")]
    NfoFut,
    #[serde(rename = "NFO-OPT")]
    NfoOpt,
    #[serde(rename = "BFO-FUT")]
    BfoFut,
    #[serde(rename = "BFO-OPT")]
    BfoOpt,
    #[serde(rename = "CDS-FUT")]
    CdsFut,
    #[serde(rename = "CDS-OPT")]
    CdsOpt,
    #[serde(rename = "BCD-FUT")]
    BcdFut,
    #[serde(rename = "BCD-OPT")]
    BcdOpt,
    #[serde(rename = "MCX-FUT")]
    McxFut,
    #[serde(rename = "MCX-OPT")]
    McxOpt,
    #[serde(rename = "NCO-FUT")]
    NcoFut,
    #[serde(rename = "NCO-OPT")]
    NcoOpt,
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
    /// What a price is multiplied by beside the quantity: units of a contract where quantity counts lots, else 1.
    pub multiplier: i64,
    /// What it derives from, for futures and options on what is itself listed.
    pub underlying: Option<InstrumentToken>,
    /// Daily price band around the previous close, in percent.
    pub circuit_percent: i64,
}

impl Segment {
    /// Where something of a kind belongs.
    pub const fn of(venue: Venue, kind: InstrumentKind) -> Self {
        let option = kind.is_option();
        match (venue, kind) {
            (_, InstrumentKind::Index) => Self::Indices,
            (Venue::Nse, _) => Self::Nse,
            (Venue::Bse, _) => Self::Bse,
            (Venue::Nfo, _) => {
                if option {
                    Self::NfoOpt
                } else {
                    Self::NfoFut
                }
            }
            (Venue::Bfo, _) => {
                if option {
                    Self::BfoOpt
                } else {
                    Self::BfoFut
                }
            }
            (Venue::Cds, _) => {
                if option {
                    Self::CdsOpt
                } else {
                    Self::CdsFut
                }
            }
            (Venue::Bcd, _) => {
                if option {
                    Self::BcdOpt
                } else {
                    Self::BcdFut
                }
            }
            (Venue::Mcx, _) => {
                if option {
                    Self::McxOpt
                } else {
                    Self::McxFut
                }
            }
            (Venue::Nco, _) => {
                if option {
                    Self::NcoOpt
                } else {
                    Self::NcoFut
                }
            }
        }
    }

    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nse => "NSE",
            Self::Bse => "BSE",
            Self::Indices => "INDICES",
            Self::NfoFut => "NFO-FUT",
            Self::NfoOpt => "NFO-OPT",
            Self::BfoFut => "BFO-FUT",
            Self::BfoOpt => "BFO-OPT",
            Self::CdsFut => "CDS-FUT",
            Self::CdsOpt => "CDS-OPT",
            Self::BcdFut => "BCD-FUT",
            Self::BcdOpt => "BCD-OPT",
            Self::McxFut => "MCX-FUT",
            Self::McxOpt => "MCX-OPT",
            Self::NcoFut => "NCO-FUT",
            Self::NcoOpt => "NCO-OPT",
        }
    }

    /// The last byte of the tokens of a segment (reference §9.1).
    pub const fn code(self) -> u32 {
        match self {
            Self::Nse => 1,
            Self::NfoFut | Self::NfoOpt => 2,
            Self::CdsFut | Self::CdsOpt => 3,
            Self::Bse => 4,
            Self::BfoFut | Self::BfoOpt => 5,
            Self::BcdFut | Self::BcdOpt => 6,
            Self::McxFut | Self::McxOpt => 7,
            Self::Indices => 9,
            Self::NcoFut | Self::NcoOpt => 12,
        }
    }
}

impl Listing {
    /// The largest whole number of lots that one order may be for, in units.
    pub fn largest_order(&self) -> u32 {
        let lot_size = self.instrument.lot_size.max(1);
        (self.freeze_quantity / lot_size * lot_size).max(lot_size)
    }

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

    /// Whose hours and holidays it keeps.
    pub fn group(&self) -> VenueGroup {
        self.instrument.symbol.venue().into()
    }

    /// What a quantity of it at a price comes to.
    pub fn value(&self, price: Price, quantity: i64) -> market::Money {
        price * quantity * self.multiplier
    }
}
