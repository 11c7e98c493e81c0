//! What a day's trading costs, computed order by order as a contract note does: brokerage, transaction tax, exchange
//! and SEBI charges, stamp duty, GST. Each item is rounded to the paisa per order, so parts sum to the whole exactly.
//!
//! Knows arithmetic only: every rate, cap and date stands in a [`RateTable`], which an operator may replace.

mod bill;
mod rates;
mod table;

pub(crate) use bill::Bill;
pub use rates::{Brokerage, Rate, Rule, Segment};
pub use table::{RateTable, WrongRates};

use crate::book::Book;
use market::{Money, Product, Side, Symbol, TradingDate};
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, SubAssign};

/// One executed order, as far as charges go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCharge<'a> {
    /// What was traded.
    pub symbol: &'a Symbol,
    /// How the position is held.
    pub product: Product,
    /// Which way.
    pub side: Side,
    /// When.
    pub date: TradingDate,
    /// What all its fills of the day came to.
    pub turnover: Money,
}

/// Charges of one order or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charges {
    /// The broker's own fee.
    pub brokerage: Money,
    /// Securities or commodities transaction tax.
    pub transaction_tax: Money,
    /// The exchange's fee.
    pub exchange: Money,
    /// The regulator's fee.
    pub sebi: Money,
    /// Stamp duty.
    pub stamp_duty: Money,
    /// Goods and services tax.
    pub gst: Money,
    /// The depository's and its participant's fee for what left the account, without its tax.
    pub depository: Money,
    /// Orders for which there is no rule; their charges are not in the figures.
    pub unrated: u32,
}

impl Charges {
    /// What one executed order costs.
    pub fn of_order(order: &OrderCharge<'_>, rates: &RateTable) -> Self {
        let segment = Segment::of(order.symbol, order.product);
        match rates.rule(segment, order.symbol.venue(), order.date) {
            Some(rule) => rule.charges(order.side, order.turnover),
            None => Self { unrated: 1, ..Self::default() },
        }
    }

    /// What the fills of a book cost.
    pub fn of_book(book: &Book, rates: &RateTable) -> Self {
        Bill::of(book, rates).charges()
    }

    /// Everything together.
    pub fn total(&self) -> Money {
        self.brokerage
            + self.transaction_tax
            + self.exchange
            + self.sebi
            + self.stamp_duty
            + self.gst
            + self.depository
    }
}

impl AddAssign for Charges {
    fn add_assign(&mut self, other: Self) {
        self.brokerage += other.brokerage;
        self.transaction_tax += other.transaction_tax;
        self.exchange += other.exchange;
        self.sebi += other.sebi;
        self.stamp_duty += other.stamp_duty;
        self.gst += other.gst;
        self.depository += other.depository;
        self.unrated += other.unrated;
    }
}

impl SubAssign for Charges {
    fn sub_assign(&mut self, other: Self) {
        self.brokerage -= other.brokerage;
        self.transaction_tax -= other.transaction_tax;
        self.exchange -= other.exchange;
        self.sebi -= other.sebi;
        self.stamp_duty -= other.stamp_duty;
        self.gst -= other.gst;
        self.depository -= other.depository;
        self.unrated = self.unrated.saturating_sub(other.unrated);
    }
}

#[cfg(test)]
mod tests;
