//! What an alert watches: two sides, each an attribute of an instrument or a number, and how they must compare.
//!
//! Pure arithmetic over quotes. Every attribute is a number in ten-thousandths, as prices are.

use crate::quote::Quote;
use market::{InstrumentToken, Price};
use serde::{Deserialize, Serialize};

/// How the left side must compare with the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// More.
    #[serde(rename = ">")]
    More,
    /// The same.
    #[serde(rename = "==")]
    Equal,
}

/// One number of a quote, in Kite's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Attribute {
    /// The last price.
    LastTradedPrice,
    /// The day's highest price.
    HighPrice,
    /// The day's lowest price.
    LowPrice,
    /// The day's first price.
    OpenPrice,
    /// The previous day's last price.
    ClosePrice,
    /// Last price less the previous close.
    DayChange,
    /// The same in percent of that close.
    DayChangePercent,
    /// Last price less the day's first.
    IntraDayChange,
    /// The same in percent of that first price.
    IntraDayChangePercent,
    /// Units of the last trade.
    LastTradedQuantity,
    /// The day's average price.
    AverageTradePrice,
    /// Units traded today.
    VolumeTraded,
    /// Units wanted.
    TotalBuyQuantity,
    /// Units offered.
    TotalSellQuantity,
    /// Open interest.
    OpenInterest,
    /// Its highest of the day.
    OpenInterestDayHigh,
    /// Its lowest of the day.
    OpenInterestDayLow,
}

/// An attribute of an instrument, as the client named both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operand {
    /// The exchange as the client wrote it: indices may stand under `INDICES`.
    pub exchange: String,
    /// The trading symbol.
    pub name: String,
    /// Its number.
    pub token: InstrumentToken,
    /// Which of its numbers.
    pub attribute: Attribute,
}

/// What the left side is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparand {
    /// A number, in the attribute's own unit.
    Constant(Price),
    /// Another instrument.
    Instrument(Operand),
}

/// When an alert fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// What is watched.
    pub left: Operand,
    /// How it must compare.
    pub operator: Operator,
    /// With what.
    pub right: Comparand,
}

impl Operator {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::AtMost, Self::AtLeast, Self::Less, Self::More, Self::Equal];

    /// Kite's sign.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::More => ">",
            Self::Equal => "==",
        }
    }

    fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
            Self::Less => left < right,
            Self::More => left > right,
            Self::Equal => left == right,
        }
    }
}

impl Attribute {
    /// Every one of them.
    pub const ALL: [Self; 17] = [
        Self::LastTradedPrice,
        Self::HighPrice,
        Self::LowPrice,
        Self::OpenPrice,
        Self::ClosePrice,
        Self::DayChange,
        Self::DayChangePercent,
        Self::IntraDayChange,
        Self::IntraDayChangePercent,
        Self::LastTradedQuantity,
        Self::AverageTradePrice,
        Self::VolumeTraded,
        Self::TotalBuyQuantity,
        Self::TotalSellQuantity,
        Self::OpenInterest,
        Self::OpenInterestDayHigh,
        Self::OpenInterestDayLow,
    ];

    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastTradedPrice => "LastTradedPrice",
            Self::HighPrice => "HighPrice",
            Self::LowPrice => "LowPrice",
            Self::OpenPrice => "OpenPrice",
            Self::ClosePrice => "ClosePrice",
            Self::DayChange => "DayChange",
            Self::DayChangePercent => "DayChangePercent",
            Self::IntraDayChange => "IntraDayChange",
            Self::IntraDayChangePercent => "IntraDayChangePercent",
            Self::LastTradedQuantity => "LastTradedQuantity",
            Self::AverageTradePrice => "AverageTradePrice",
            Self::VolumeTraded => "VolumeTraded",
            Self::TotalBuyQuantity => "TotalBuyQuantity",
            Self::TotalSellQuantity => "TotalSellQuantity",
            Self::OpenInterest => "OpenInterest",
            Self::OpenInterestDayHigh => "OpenInterestDayHigh",
            Self::OpenInterestDayLow => "OpenInterestDayLow",
        }
    }

    /// Its value, in ten-thousandths.
    fn of(self, quote: &Quote) -> i64 {
        let tick = &quote.tick;
        match self {
            Self::LastTradedPrice => tick.last_price.units(),
            Self::HighPrice => tick.high.units(),
            Self::LowPrice => tick.low.units(),
            Self::OpenPrice => tick.open.units(),
            Self::ClosePrice => tick.close.units(),
            Self::DayChange => (tick.last_price - tick.close).units(),
            Self::DayChangePercent => percent(tick.last_price, tick.close),
            Self::IntraDayChange => (tick.last_price - tick.open).units(),
            Self::IntraDayChangePercent => percent(tick.last_price, tick.open),
            Self::LastTradedQuantity => count(u64::from(tick.last_quantity)),
            Self::AverageTradePrice => tick.average_price.units(),
            Self::VolumeTraded => count(tick.volume),
            Self::TotalBuyQuantity => count(tick.buy_quantity),
            Self::TotalSellQuantity => count(tick.sell_quantity),
            Self::OpenInterest => count(tick.oi),
            Self::OpenInterestDayHigh => count(quote.oi_day_high),
            Self::OpenInterestDayLow => count(quote.oi_day_low),
        }
    }
}

impl Condition {
    /// True when a tick of this instrument can change the answer.
    pub(crate) fn watches(&self, token: InstrumentToken) -> bool {
        self.operands().any(|operand| operand.token == token)
    }

    /// The instruments it reads, the left one first.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &Operand> {
        let right = match &self.right {
            Comparand::Constant(_) => None,
            Comparand::Instrument(operand) => Some(operand),
        };
        std::iter::once(&self.left).chain(right)
    }

    /// Whether it is met; `None` when an instrument has no quote.
    pub(crate) fn is_met(&self, quote: impl Fn(InstrumentToken) -> Option<Quote>) -> Option<bool> {
        let value = |operand: &Operand| quote(operand.token).map(|quote| operand.attribute.of(&quote));
        let right = match &self.right {
            Comparand::Constant(number) => number.units(),
            Comparand::Instrument(operand) => value(operand)?,
        };
        Some(self.operator.holds(value(&self.left)?, right))
    }

    /// The condition as Kite's history writes it.
    pub(crate) fn text(&self) -> String {
        let side = |operand: &Operand| {
            format!("{}(\"{}:{}\")", operand.attribute.as_str(), operand.exchange, operand.name)
        };
        let right = match &self.right {
            Comparand::Constant(number) => number.to_wire().to_string(),
            Comparand::Instrument(operand) => side(operand),
        };
        format!("{} {} {right}", side(&self.left), self.operator.as_str())
    }
}

fn count(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX).saturating_mul(Price::from_rupees(1).units())
}

fn percent(now: Price, before: Price) -> i64 {
    let change = i128::from((now - before).units()) * 100 * i128::from(Price::from_rupees(1).units());
    let part = change.checked_div(i128::from(before.units())).unwrap_or(0);
    i64::try_from(part).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Tick, Timestamp};

    fn quote() -> Quote {
        let rupees = Price::from_rupees;
        let tick = Tick {
            last_quantity: 5,
            average_price: rupees(104),
            volume: 900,
            buy_quantity: 11,
            sell_quantity: 12,
            open: rupees(105),
            high: rupees(120),
            low: rupees(90),
            close: rupees(100),
            oi: 21,
            ..Tick::at(1, Timestamp::EPOCH, rupees(110))
        };
        Quote {
            tick,
            last_trade_time: None,
            lower_circuit_limit: Price::ZERO,
            upper_circuit_limit: Price::ZERO,
            oi_day_high: 22,
            oi_day_low: 20,
        }
    }

    #[test]
    fn every_attribute_reads_its_own_number_of_the_quote() {
        let expected = [
            110.0, 120.0, 90.0, 105.0, 100.0, 10.0, 10.0, 5.0, 4.7619, 5.0, 104.0, 900.0, 11.0, 12.0, 21.0,
            22.0, 20.0,
        ];
        let found = Attribute::ALL.map(|attribute| Price::from_units(attribute.of(&quote())).to_wire());
        assert_eq!(found, expected);
    }

    #[test]
    fn every_operator_compares_as_its_sign_says() {
        let holds = |left: i64| Operator::ALL.map(|operator| operator.holds(left, 5));
        assert_eq!(holds(4), [true, false, true, false, false]);
        assert_eq!(holds(5), [true, true, false, false, true]);
        assert_eq!(holds(6), [false, true, false, true, false]);
    }

    #[test]
    fn a_change_from_nothing_is_no_change() {
        assert_eq!(percent(Price::from_rupees(5), Price::ZERO), 0);
    }
}
