//! What the core wants written, all of a step or nothing of it. Data only; how it is written is the store's matter.

use crate::answer::Why;
use crate::gate::{LossLatch, RiskLimits};
use crate::record::TradeRecord;
use crate::stored::StoredOrder;
use crate::switch::{KillSwitch, SwitchScope};
use market::{Change, Timestamp, TradingDate};
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
    /// How the broker answered the one send, where that changes nothing of the row any more: the ticker or the book was
    /// faster. It is remembered and changes no row.
    Answered {
        /// Of which order.
        id: i64,
        /// Of which run.
        run_id: String,
        /// The broker's number, where it took the order.
        number: Option<String>,
        /// Why not, where it was not simply taken.
        why: Option<Why>,
    },
    /// The order shall be withdrawn, over restarts too.
    Wish {
        /// Which one.
        id: i64,
        /// The run that asked for it; none where a person or the host did.
        by_run: Option<String>,
    },
    /// A change or withdrawal of the order is handed out to be sent: a restart must not give the day's calls back, so it
    /// counts from here on.
    Call {
        /// Of which order.
        id: i64,
        /// Of which run.
        run_id: String,
        /// When.
        at: Timestamp,
        /// What it is.
        what: CallKind,
    },
    /// What became of that call. One that never left counts no more.
    CallAnswered {
        /// Of which order.
        id: i64,
        /// True when it left, or may have.
        left: bool,
        /// Why not, where it was not simply taken.
        why: Option<Why>,
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

/// What is asked of the broker for an order that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallKind {
    /// Other terms.
    Change(Change),
    /// Its end.
    Withdrawal,
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
