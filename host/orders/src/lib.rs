//! The order path of one account as a pure state machine: what happened goes in, what to write and to do comes out.
//!
//! [`Core::step`] decides. What it wants written is written first, all of it or nothing, and only when that is durable
//! does [`Step::confirm`] hand out what is to be done after it; a step that could not be written leaves the core as it
//! was. Time, tags and everything the broker says come in as arguments, so the same story gives the same orders, and a
//! simulation drives the very code that the host runs.
//!
//! This package knows no socket, no database, no thread, no clock and no chance.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod answer;
mod book;

mod effect;
mod event;
mod facts;
pub mod gate;
mod gates;
mod line;
mod loaded;
mod machine;
mod merge;
mod mode;
pub mod paper;
mod pending;
#[cfg(test)]
mod planted;
mod record;
mod settings;
mod settle;
#[cfg(test)]
mod simulation;
mod stored;
mod switch;
mod tag;
mod trading;
mod wish;
mod words;
mod write;

pub use crate::machine::{Core, Opened, Step};
pub use answer::{Answer, Budget, Why};
pub use book::{BookOrder, DayPosition, Listing, Reading};
pub use effect::{CancelCall, Effect, Gravity, ModifyCall, PlaceCall, Said};
pub use event::{AskedFor, Event, Exit, Intents, RunRef};
pub use facts::{Facts, LineFacts, Listed, Now, StoreHealth};
pub use line::BrokerState;
pub use loaded::{DamagedOrder, Loaded};
pub use mode::Mode;
pub use record::{OrderRecord, RefusalCode, RunOrderUpdate, TradeRecord};
pub use settings::Settings;
pub use settle::{Settlement, Unsettleable};
pub use stored::StoredOrder;
pub use switch::{KillSwitch, SwitchScope, Switches};
pub use tag::Prefix;
pub use trading::TradingState;
pub use wish::CANCEL_TRIES_MAX;
pub use write::{CallKind, ForeignOrder, Write};
