//! One rule of the rate table: what an order of one segment costs from a date on.

use super::Charges;
use market::{Money, Product, Side, Symbol, TradingDate, Venue};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const PARTS_PER_PERCENT: f64 = 10_000_000.0;
const PARTS: i64 = 1_000_000_000;

/// A share of turnover in parts per 1 000 000 000. In JSON a percentage: `0.00307` is 30 700 parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u32);

/// What is traded and how it is held, as far as charges differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Segment {
    EquityDelivery,
    EquityIntraday,
    EquityFutures,
    EquityOptions,
    CurrencyFutures,
    CurrencyOptions,
    CommodityFutures,
    CommodityOptions,
}

/// The broker's fee for one executed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Brokerage {
    /// Nothing.
    Free,
    /// The same for every order.
    Flat {
        /// How much.
        amount: Money,
    },
    /// A share of turnover, but no more than the cap.
    Percent {
        /// The share.
        rate: Rate,
        /// The most that one order costs.
        cap: Money,
    },
}

/// What an order costs from a date on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What it is for.
    pub segment: Segment,
    /// Where; everywhere when missing. A rule for one venue goes before a rule for all.
    #[serde(default)]
    pub venue: Option<Venue>,
    /// The first day it holds.
    pub effective_from: TradingDate,
    /// The broker's fee.
    pub brokerage: Brokerage,
    /// Transaction tax on buying.
    pub tax_on_buy: Rate,
    /// Transaction tax on selling.
    pub tax_on_sell: Rate,
    /// The exchange's fee, both sides, with its investor protection part.
    pub exchange: Rate,
    /// The regulator's fee, both sides.
    pub sebi: Rate,
    /// Stamp duty on buying.
    pub stamp_on_buy: Rate,
    /// Tax on brokerage, exchange's, regulator's and depository's fee together.
    pub gst: Rate,
    /// The depository's fee, once a scrip and day on which units left the account; nothing when missing.
    #[serde(default)]
    pub depository: Money,
}

/// What goes by turnover alone, each rounded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levies {
    tax: Money,
    exchange: Money,
    sebi: Money,
    stamp: Money,
}

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From parts per 1 000 000 000: one percent is 10 000 000.
    pub const fn from_parts(parts: u32) -> Self {
        Self(parts)
    }

    /// This share of an amount, rounded to the paisa.
    pub fn of(self, amount: Money) -> Money {
        amount.scaled(i64::from(self.0), PARTS).round_to_paise()
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / PARTS_PER_PERCENT)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        if !(0.0..=100.0).contains(&percent) {
            return Err(serde::de::Error::custom("a rate is a percentage between 0 and 100"));
        }
        Ok(Self((percent * PARTS_PER_PERCENT).round() as u32))
    }
}

impl Segment {
    /// From where it is listed, how it is held, and what its name ends in (exchanges name futures `…FUT`, options `…CE`
    /// and `…PE`).
    pub fn of(symbol: &Symbol, product: Product) -> Self {
        let option = symbol.name().ends_with("CE") || symbol.name().ends_with("PE");
        match (symbol.venue(), option) {
            (Venue::Nse | Venue::Bse, _) => match product {
                Product::Cnc | Product::Mtf => Self::EquityDelivery,
                Product::Mis | Product::Nrml => Self::EquityIntraday,
            },
            (Venue::Nfo | Venue::Bfo, true) => Self::EquityOptions,
            (Venue::Nfo | Venue::Bfo, false) => Self::EquityFutures,
            (Venue::Cds | Venue::Bcd, true) => Self::CurrencyOptions,
            (Venue::Cds | Venue::Bcd, false) => Self::CurrencyFutures,
            (Venue::Mcx | Venue::Nco, true) => Self::CommodityOptions,
            (Venue::Mcx | Venue::Nco, false) => Self::CommodityFutures,
        }
    }
}

impl Brokerage {
    fn of(self, turnover: Money) -> Money {
        match self {
            Self::Free => Money::ZERO,
            Self::Flat { amount } => amount,
            Self::Percent { rate, cap } => rate.of(turnover).min(cap),
        }
    }
}

impl Rule {
    /// What an executed order of this turnover costs.
    pub fn charges(&self, side: Side, turnover: Money) -> Charges {
        self.with_brokerage(self.brokerage(turnover), self.levies(side, turnover))
    }

    pub(super) fn brokerage(&self, turnover: Money) -> Money {
        self.brokerage.of(turnover)
    }

    pub(super) fn levies(&self, side: Side, turnover: Money) -> Levies {
        let (tax, stamp) = match side {
            Side::Buy => (self.tax_on_buy, self.stamp_on_buy),
            Side::Sell => (self.tax_on_sell, Rate::ZERO),
        };
        Levies {
            tax: tax.of(turnover),
            exchange: self.exchange.of(turnover),
            sebi: self.sebi.of(turnover),
            stamp: stamp.of(turnover),
        }
    }

    pub(super) fn with_brokerage(&self, brokerage: Money, levies: Levies) -> Charges {
        let Levies { tax, exchange, sebi, stamp } = levies;
        Charges {
            brokerage,
            transaction_tax: tax,
            exchange,
            sebi,
            stamp_duty: stamp,
            gst: self.gst.of(brokerage + exchange + sebi),
            depository: Money::ZERO,
            unrated: 0,
        }
    }

    /// What it costs that units of a scrip left the account on a day.
    pub(super) fn depository(&self) -> Charges {
        Charges { depository: self.depository, gst: self.gst.of(self.depository), ..Charges::default() }
    }
}

impl Levies {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            tax: self.tax + other.tax,
            exchange: self.exchange + other.exchange,
            sebi: self.sebi + other.sebi,
            stamp: self.stamp + other.stamp,
        }
    }
}
