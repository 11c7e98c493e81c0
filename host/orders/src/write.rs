//! What the core wants written, all of a step or nothing of it. Data only; how it is written is the store's matter.

use crate::answer::Why;
use crate::gate::{LossLatch, RiskLimits};
use crate::record::TradeRecord;
use crate::stored::StoredOrder;
use crate::switch::{KillSwitch, SwitchScope};
use market::{Timestamp, TradingDate};
use std::sync::Arc;

/// One change of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// A new order.
    Insert(Arc<StoredOrder>),
    /// An order as it is from now on.
    Update {
        /// The whole row.
        order: Arc<StoredOrder>,
        /// The broker's answer that changed it, where one did and said no.
        answer: Option<Why>,
    },
    /// The order shall be withdrawn, over restarts too.
    Wish {
        /// Which one.
        id: i64,
    },
    /// A change or withdrawal of the order left: a restart must not give the day's calls back.
    Call {
        /// Of which order.
        id: i64,
        /// When.
        at: Timestamp,
    },
    /// Trades that were not known before, each with its run where there is one.
    Trades(Vec<TradeRecord>),
    /// Trades of the broker's order that are nobody's belong to this run.
    Adopt {
        /// From this day on.
        date: TradingDate,
        /// The broker's order.
        number: String,
        /// Whose they are.
        run_id: String,
        /// Of which strategy.
        strategy_id: String,
    },
    /// A kill switch of a run or of the account.
    Switch {
        /// Which one. Never the host's: that is no account's row.
        scope: SwitchScope,
        /// As it stands.
        switch: KillSwitch,
    },
    /// The limits, and the latched loss.
    Risk {
        /// As they stand.
        limits: Arc<RiskLimits>,
        /// As it stands.
        latch: Option<LossLatch>,
        /// Since when.
        at: Timestamp,
    },
    /// The broker has an order with our mark that no row knows of.
    Foreign(ForeignOrder),
    /// A person has taken some of those as they are.
    ForeignAccepted {
        /// Their marks.
        tags: Vec<String>,
        /// When.
        at: Timestamp,
    },
}

/// An order of the broker's with our mark that no row knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignOrder {
    /// Its mark.
    pub tag: String,
    /// The broker's number.
    pub number: String,
    /// What it is, in words.
    pub text: String,
    /// When it was seen first.
    pub seen_at: Timestamp,
    /// True once a person has taken it as it is.
    pub is_accepted: bool,
}
