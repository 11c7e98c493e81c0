//! The dated rate table, with Zerodha's card as the default. Data: a new budget is a new line, not new code.
//!
//! Where each rate comes from ("platforms" is the recent card in trading-platforms.md §3.2, "kite" what kite.md §12 derives
//! from Kite's own contract-note fixtures; "card" is zerodha.com/charges):
//! - brokerage: delivery free, intraday and futures the lesser of 0.03 % and ₹20, options flat ₹20 (platforms, kite);
//!   currency options the lesser of the two as well (card)
//! - securities transaction tax: delivery 0.1 % both sides, intraday 0.025 % selling (platforms, kite); futures 0.02 % and
//!   options 0.1 % selling from 2024-10-01 (Finance Act 2024), 0.05 % and 0.15 % from 2026-04-01 (platforms; Finance Act 2026);
//!   commodities 0.01 % on futures (kite), 0.05 % on options (card), selling
//! - NSE, with the investor protection part inside: 0.00307 % equity, 0.00183 % futures, 0.03553 % options (platforms; NSE
//!   circular, from 2024-10-01). BSE and BFO: 0.00375 % equity, nothing on futures, 0.0325 % options (card; BSE circular,
//!   from 2024-10-01). NSE currency 0.00035 % and 0.0311 %, MCX 0.0021 % and 0.0418 % (card)
//! - SEBI ₹10 a crore (platforms, kite), stamp duty buying 0.015 % delivery, 0.003 % intraday and options, 0.002 % futures
//!   (platforms), 0.0001 % currency (card; Indian Stamp Act, since 2020-07-01)
//! - GST 18 % of brokerage, SEBI's and the exchange's fee (platforms). The fixtures of 2023 leave the investor protection
//!   part untaxed (kite); the card of today taxes it, and so does the published total that the test holds against
//! - depository: ₹13 and GST a scrip and day sold from holdings (support.zerodha.com, "DP charges for BTST trades")
//!
//! Days before the first line have no rates, and their orders count as unrated.

use super::rates::{Brokerage, Rate, Rule, Segment};
use market::{Money, TradingDate, Venue};
use serde::{Deserialize, Serialize};

/// A table that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two rates for {segment:?} begin on {effective_from}: keep one")]
pub struct WrongRates {
    /// The segment.
    pub segment: Segment,
    /// The date.
    pub effective_from: TradingDate,
}

/// Every rule, of every date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Rule>", into = "Vec<Rule>")]
pub struct RateTable {
    rules: Vec<Rule>,
}

impl TryFrom<Vec<Rule>> for RateTable {
    type Error = WrongRates;

    fn try_from(rules: Vec<Rule>) -> Result<Self, WrongRates> {
        Self::new(rules)
    }
}

impl From<RateTable> for Vec<Rule> {
    fn from(table: RateTable) -> Self {
        table.rules
    }
}

impl RateTable {
    /// A table of an operator's own.
    ///
    /// # Errors
    /// When two rules hold for the same thing from the same day.
    pub fn new(rules: Vec<Rule>) -> Result<Self, WrongRates> {
        for (i, rule) in rules.iter().enumerate() {
            let same = |other: &Rule| {
                (other.segment, other.venue, other.effective_from)
                    == (rule.segment, rule.venue, rule.effective_from)
            };
            if rules[..i].iter().any(same) {
                let Rule { segment, effective_from, .. } = *rule;
                return Err(WrongRates { segment, effective_from });
            }
        }
        Ok(Self { rules })
    }

    /// Zerodha's rates.
    pub fn zerodha() -> Self {
        Self { rules: CARD.iter().map(Line::rule).collect() }
    }

    /// Every rule.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule in force: the newest that is not after the day; of one day, the venue's own before the general one. So a
    /// change for all holds for a venue of its own terms too, unless that venue gets a new line as well.
    pub fn rule(&self, segment: Segment, venue: Venue, date: TradingDate) -> Option<&Rule> {
        let holds = |rule: &&Rule| {
            rule.segment == segment
                && rule.effective_from <= date
                && rule.venue.is_none_or(|only| only == venue)
        };
        self.rules.iter().filter(holds).max_by_key(|rule| (rule.effective_from, rule.venue.is_some()))
    }
}

impl Default for RateTable {
    fn default() -> Self {
        Self::zerodha()
    }
}

/// One line of the card; rates in parts per 1 000 000 000 (0.001 % = 10 000).
struct Line {
    segment: Segment,
    venue: Option<Venue>,
    from: (i32, u8, u8),
    brokerage: Brokerage,
    tax: (u32, u32),
    exchange: u32,
    stamp: u32,
}

const SEBI: Rate = Rate::from_parts(1_000);
const GST: Rate = Rate::from_parts(180_000_000);
const CAP: Money = Money::from_rupees(20);
const DEPOSITORY: Money = Money::from_rupees(13);
const CAPPED: Brokerage = Brokerage::Percent { rate: Rate::from_parts(300_000), cap: CAP };
const FLAT: Brokerage = Brokerage::Flat { amount: CAP };
const OCTOBER_2024: (i32, u8, u8) = (2024, 10, 1);
const APRIL_2026: (i32, u8, u8) = (2026, 4, 1);

#[rustfmt::skip]
const CARD: [Line; 16] = {
    use Brokerage::Free;
    use Segment::*;
    const fn line(segment: Segment, venue: Option<Venue>, from: (i32, u8, u8), brokerage: Brokerage, tax: (u32, u32), exchange: u32, stamp: u32) -> Line {
        Line { segment, venue, from, brokerage, tax, exchange, stamp }
    }
    const BSE: Option<Venue> = Some(Venue::Bse);
    const BFO: Option<Venue> = Some(Venue::Bfo);
    [
        //   segment           venue from          brokerage tax buy, sell          exchange stamp
        line(EquityDelivery,   None, OCTOBER_2024, Free,     (1_000_000, 1_000_000), 30_700,  150_000),
        line(EquityDelivery,   BSE,  OCTOBER_2024, Free,     (1_000_000, 1_000_000), 37_500,  150_000),
        line(EquityIntraday,   None, OCTOBER_2024, CAPPED,   (0, 250_000),           30_700,  30_000),
        line(EquityIntraday,   BSE,  OCTOBER_2024, CAPPED,   (0, 250_000),           37_500,  30_000),
        line(EquityFutures,    None, OCTOBER_2024, CAPPED,   (0, 200_000),           18_300,  20_000),
        line(EquityFutures,    BFO,  OCTOBER_2024, CAPPED,   (0, 200_000),           0,       20_000),
        line(EquityFutures,    None, APRIL_2026,   CAPPED,   (0, 500_000),           18_300,  20_000),
        line(EquityFutures,    BFO,  APRIL_2026,   CAPPED,   (0, 500_000),           0,       20_000),
        line(EquityOptions,    None, OCTOBER_2024, FLAT,     (0, 1_000_000),         355_300, 30_000),
        line(EquityOptions,    BFO,  OCTOBER_2024, FLAT,     (0, 1_000_000),         325_000, 30_000),
        line(EquityOptions,    None, APRIL_2026,   FLAT,     (0, 1_500_000),         355_300, 30_000),
        line(EquityOptions,    BFO,  APRIL_2026,   FLAT,     (0, 1_500_000),         325_000, 30_000),
        line(CurrencyFutures,  None, OCTOBER_2024, CAPPED,   (0, 0),                 3_500,   1_000),
        line(CurrencyOptions,  None, OCTOBER_2024, CAPPED,   (0, 0),                 311_000, 1_000),
        line(CommodityFutures, None, OCTOBER_2024, CAPPED,   (0, 100_000),           21_000,  20_000),
        line(CommodityOptions, None, OCTOBER_2024, FLAT,     (0, 500_000),           418_000, 30_000),
    ]
};

impl Line {
    fn rule(&self) -> Rule {
        let (year, month, day) = self.from;
        Rule {
            segment: self.segment,
            venue: self.venue,
            effective_from: TradingDate::new(year, month, day)
                .expect("the card's dates exist, its test says"),
            brokerage: self.brokerage,
            tax_on_buy: Rate::from_parts(self.tax.0),
            tax_on_sell: Rate::from_parts(self.tax.1),
            exchange: Rate::from_parts(self.exchange),
            sebi: SEBI,
            stamp_on_buy: Rate::from_parts(self.stamp),
            gst: GST,
            depository: if self.segment == Segment::EquityDelivery { DEPOSITORY } else { Money::ZERO },
        }
    }
}
