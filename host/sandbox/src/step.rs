//! What one event brought about: the traces a guest left, in the order made. Knows nothing of what becomes of them.

use market::{Intent, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// The traces of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The time of the event that caused them: of a batch, the last event taken.
    pub cause: Timestamp,
    /// In the order made.
    pub traces: Vec<Trace>,
}

/// One thing a guest did that others can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "trace")]
pub enum Trace {
    /// It asks for something to happen to an order.
    Intent(Intent),
    /// It wrote a line.
    Log {
        /// How serious.
        level: LogLevel,
        /// At most 8 KiB; control characters are left for the writer of the log.
        text: String,
    },
    /// It noted an amount.
    Pnl {
        /// Under which label.
        label: String,
        /// How much.
        amount: Money,
    },
    /// It stored a value.
    StateSet {
        /// Under which key.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
    /// It removed a value.
    StateDelete {
        /// Of which key.
        key: String,
    },
    /// It wants to be called at a time.
    TimerSet {
        /// The timer's name.
        id: u64,
        /// When.
        at: Timestamp,
    },
    /// It no longer wants to be called.
    TimerCancel {
        /// The timer's name.
        id: u64,
    },
}

/// How serious a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// For the trader.
    Info,
    /// Something to look at.
    Warn,
    /// Something is wrong.
    Error,
}
