//! The binary ticker: who listens, what they asked for, and the frames they get.
//!
//! Market data reaches a connection as the newest board, so a slow reader loses ticks and nothing piles up.
//! Order updates go through a bounded queue; a reader that lets it fill is disconnected.

mod connection;
mod frame;
mod hub;
mod subscriptions;

pub(crate) use connection::serve;
pub(crate) use frame::{Malformed, malformed};
pub use frame::{Mode, packet};
pub(crate) use hub::{Hub, Withheld};
