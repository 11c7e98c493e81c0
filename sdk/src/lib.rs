//! Write trading strategies for Bulkhead.
#![warn(missing_docs)]

mod amounts;
mod batch;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod component;
mod context;
mod directory;
mod door;
mod error;
mod export;
pub mod indicators;
pub mod log;
pub mod manifest;
mod market_data;
mod order;
pub mod params;
#[doc(hidden)]
pub mod runner;
mod strategy;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod time;

pub use amounts::{Money, Price, Quantity};
pub use context::{Context, Figures, Modification, OrderDraft, State, StateError, Timer, TimerError};
pub use error::{Error, Result};
pub use log::Level;
pub use market_data::{Candle, Depth, Instrument, InstrumentKind, Interval, Level as BookLevel, Tick, Token};
pub use order::{
    Change, Order, OrderError, OrderId, OrderKind, OrderRequest, OrderStatus, OrderUpdate, Position, Product,
    Refusal, Side, Validity,
};
pub use params::Symbol;
pub use sdk_macros::{Choice, Parameters, strategy};
pub use strategy::{Hears, Notice, NoticeKind, Strategy};
pub use time::{Session, Timestamp};

/// Everything a strategy usually needs: `use sdk::prelude::*;`.
pub mod prelude {

    pub use crate::{
        Candle, Choice, Context, Error, Instrument, Interval, Money, Notice, NoticeKind, Order, OrderError,
        OrderId, OrderKind, OrderStatus, OrderUpdate, Parameters, Position, Price, Product, Quantity, Result,
        Side, Strategy, Symbol, Tick, Timestamp, debug, error, info, strategy, warn,
    };
    pub use std::time::Duration;
}

/// For the code that [`export!`] makes.
#[doc(hidden)]
#[cfg(target_family = "wasm")]
pub mod __private {
    pub use crate::{bindings, component};
}
