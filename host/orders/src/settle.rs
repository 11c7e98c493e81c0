//! How a person settles an order that nobody else could: in their words, after a look at the broker's own pages. Data only.

use crate::state_words;
use market::OrderState;

state_words! {
    /// What a person found out about an order that was escalated.
    Settlement {
        /// It never reached the exchange, or was refused behind the counter: nothing of it traded, and nothing will.
        Absent = "absent",
        /// It reached the exchange and can trade no more. What it filled is what its trades say.
        Ended = "ended",
    }
}

/// Why an order cannot be settled by a person, or not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsettleable {
    /// No order that is waiting for a person has this number.
    #[error("no order of this account has that number, or it ended long ago")]
    Unknown,
    /// The host settles it, or it is settled.
    #[error("the order is {0}: only an escalated one is a person's to settle")]
    NotEscalated(OrderState),
    /// The broker gave it a number today and may still have it.
    #[error(
        "the order may still stand at the broker, whose number it has: withdraw it here or at Kite, and it ends by \
         itself; if it does not, settle it when its day is over"
    )]
    StillStands,
    /// It has fills, so it did reach the exchange.
    #[error("some of the order's units traded, so it reached the exchange: settle it as `ended`")]
    HasFills,
}
