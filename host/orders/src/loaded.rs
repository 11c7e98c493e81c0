//! What an account's rows say when its order path opens. Data only.

use crate::gate::{LossLatch, RiskLimits};
use crate::record::TradeRecord;
use crate::stored::StoredOrder;
use crate::switch::Switches;
use crate::write::ForeignOrder;
use market::Timestamp;

/// What the rows say.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Every order that may still change, every order of today and the day before, and those of the days before that which
    /// only we ended: the broker's book may know better.
    pub orders: Vec<StoredOrder>,
    /// Rows of orders that cannot be read.
    pub damaged: Vec<DamagedOrder>,
    /// The live trades of today and the day before.
    pub trades: Vec<TradeRecord>,
    /// One more than the highest number of any order.
    pub next_order_id: i64,
    /// The kill switches.
    pub switches: Switches,
    /// The limits in force.
    pub limits: RiskLimits,
    /// The loss that closed the gate, if one has.
    pub latch: Option<LossLatch>,
    /// When today's calls left: one entry a call.
    pub calls: Vec<Timestamp>,
    /// Orders with our mark that no row knows of.
    pub foreign: Vec<ForeignOrder>,
}

/// A row that cannot be read, as far as it says whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedOrder {
    /// Its number.
    pub id: i64,
    /// Its mark.
    pub tag: Option<String>,
    /// The broker's number.
    pub number: Option<String>,
}
