//! What the core is told. Data only.

use crate::answer::Answer;
use crate::book::{BookOrder, Reading};
use crate::gate::RiskLimits;
use crate::mode::Mode;
use crate::settle::Settlement;
use crate::switch::SwitchScope;
use market::{Change, Intent, Money, OrderRequest, Price, RunOrderId, Symbol};
use std::collections::BTreeMap;

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A step of a run asks for something.
    Intents(Intents),
    /// A person or the host closes a position.
    Exit(Exit),
    /// A person or the host wants these orders withdrawn.
    Withdraw {
        /// Their numbers.
        ids: Vec<i64>,
    },
    /// What became of a place.
    Placed {
        /// Of which order.
        id: i64,
        /// The answer.
        answer: Answer,
    },
    /// What became of a change.
    Modified {
        /// Of which order.
        id: i64,
        /// The answer.
        answer: Answer,
    },
    /// What became of a withdrawal.
    Cancelled {
        /// Of which order.
        id: i64,
        /// The answer.
        answer: Answer,
    },
    /// The broker's book was read.
    Reading(Box<Reading>),
    /// It could not be read.
    ReadingFailed,
    /// The ticker says something of one order.
    Heard(Box<BookOrder>),
    /// Something may have changed at the broker: a postback, a feed that was lost.
    Stirred,
    /// A login brought another session, or the broker ended it.
    SessionChanged,
    /// A kill switch is moved.
    Switch {
        /// Which one.
        scope: SwitchScope,
        /// Whether it shall stop.
        on: bool,
        /// Why.
        reason: Option<String>,
    },
    /// A kill switch was put on and could not be written: it stops and withdraws all the same.
    SwitchUnwritten {
        /// Which one.
        scope: SwitchScope,
        /// Why.
        reason: Option<String>,
    },
    /// A person sets other limits, which clears a latched loss.
    Limits(RiskLimits),
    /// The day's result so far; none while it cannot be told.
    DayResult(Option<Money>),
    /// A person has looked at a latched loss: it is cleared, and the limits stay as they are.
    ClearLatch,
    /// A person has looked at these orders that nobody here knew of, and takes them as they are.
    AcceptForeign {
        /// Their marks. One that was found meanwhile is not among them: nobody has looked at it.
        tags: Vec<String>,
    },
    /// A person says what became of an order that was escalated. One that is not theirs to settle stays as it is; see
    /// [`Core::settleable`](crate::Core::settleable).
    Settle {
        /// Which one.
        id: i64,
        /// What became of it.
        settlement: Settlement,
        /// How they know.
        reason: String,
    },
    /// Time passed: something may be due.
    Time,
}

/// Whose orders they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRef {
    /// The run.
    pub id: String,
    /// Its strategy.
    pub strategy_id: String,
    /// Where its orders go.
    pub mode: Mode,
}

/// What a step asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Intents {
    /// Who asks.
    pub run: RunRef,
    /// What, in its order.
    pub asked: Vec<AskedFor>,
    /// Prices that were asked of the broker because nothing ticked.
    pub prices: BTreeMap<Symbol, Price>,
}

/// One thing a step asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum AskedFor {
    /// A new order.
    Place {
        /// The run's number for it.
        id: RunOrderId,
        /// The order.
        request: OrderRequest,
        /// A fresh tag.
        tag: String,
    },
    /// New values for a standing order.
    Modify {
        /// Which one.
        id: RunOrderId,
        /// The values.
        change: Change,
    },
    /// Withdraw a standing order.
    Cancel {
        /// Which one.
        id: RunOrderId,
    },
}

/// An order that closes a position for a person or the host. A run can never ask for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// Whose position.
    pub run: RunRef,
    /// A number of the run that no order has.
    pub run_order_id: RunOrderId,
    /// The order.
    pub request: OrderRequest,
    /// A fresh tag.
    pub tag: String,
}

impl AskedFor {
    /// A run's intent, with a fresh tag where it is a new order.
    pub fn of(intent: Intent, tag: impl FnOnce() -> String) -> Self {
        match intent {
            Intent::Place { id, request } => Self::Place { id, request, tag: tag() },
            Intent::Modify { id, change } => Self::Modify { id, change },
            Intent::Cancel { id } => Self::Cancel { id },
        }
    }
}
