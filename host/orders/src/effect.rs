//! What the core asks for, to be done in order and only after what it wrote is durable. Data only.

use crate::gate::Refusal;
use crate::record::{RunOrderUpdate, TradeRecord};
use crate::trading::TradingState;
use market::{Change, OrderRequest, Price, RunOrderId, TradingDate, Variety};
use std::time::Duration;

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send this order, once, and answer with [`Placed`](crate::Event::Placed).
    Place(PlaceCall),
    /// Change this order, and answer with [`Modified`](crate::Event::Modified).
    Modify(ModifyCall),
    /// Withdraw this order, and answer with [`Cancelled`](crate::Event::Cancelled).
    Cancel(CancelCall),
    /// Read the broker's book, and answer with [`Reading`](crate::Event::Reading) or
    /// [`ReadingFailed`](crate::Event::ReadingFailed).
    ReadBook {
        /// On this session.
        session: u64,
        /// True when the positions are wanted too.
        with_positions: bool,
    },
    /// The run and the account's watchers must hear of this. Never dropped.
    Tell(RunOrderUpdate),
    /// A trade was booked.
    Traded(TradeRecord),
    /// Trades that were nobody's belong to a run now.
    Adopted {
        /// From this day on.
        date: TradingDate,
        /// The broker's order.
        number: String,
    },
    /// The exit was made under this number of the run.
    ExitMade(RunOrderId),
    /// The exit was not made, and has no row: it may be asked for again.
    ExitRefused(Refusal),
    /// A line for the account's log.
    Say(Said),
    /// What the account may do has changed.
    Trading(TradingState),
}

/// One order to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceCall {
    /// Its number.
    pub id: i64,
    /// Whose it is: the last look asks whether this run is stopped.
    pub run_id: String,
    /// It leaves under a kill switch.
    pub is_exit: bool,
    /// On this session, or not at all.
    pub session: u64,
    /// Not later than this on the clock that never goes backwards: writing it down may have taken long. None for an exit,
    /// without which a position stays open.
    pub not_after: Option<Duration>,
    /// What to send.
    pub request: OrderRequest,
    /// Its mark.
    pub tag: String,
}

/// One order to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModifyCall {
    /// Its number.
    pub id: i64,
    /// Whose it is: the last look asks whether this run is stopped.
    pub run_id: String,
    /// On this session, or not at all.
    pub session: u64,
    /// Not later than this on the clock that never goes backwards: writing it down may have taken long.
    pub not_after: Duration,
    /// The broker's number.
    pub number: String,
    /// The order as the broker took it last.
    pub current: OrderRequest,
    /// What shall be otherwise.
    pub change: Change,
}

/// One order to be withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelCall {
    /// Its number.
    pub id: i64,
    /// On this session, or not at all.
    pub session: u64,
    /// The broker's number.
    pub number: String,
    /// Its desk.
    pub variety: Variety,
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gravity {
    /// It is as it should be.
    Info,
    /// Somebody may want to look.
    Warn,
    /// Somebody must look.
    Error,
}

/// A line for the account's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How much it matters.
    pub gravity: Gravity,
    /// Of which run; none where it is the account's.
    pub run_id: Option<String>,
    /// The line.
    pub text: String,
}

impl RunOrderUpdate {
    /// An update that fills nothing.
    pub(crate) fn without_fill(order: crate::record::OrderRecord, time: market::Timestamp) -> Self {
        Self { order, time, fill_quantity: 0, fill_price: Price::ZERO }
    }
}
