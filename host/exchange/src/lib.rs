//! A simulated exchange with a broker's back office: commands and time in, ticks and order events out.
//!
//! Pure and deterministic: one seed and one sequence of commands give the same events, however the time between
//! two commands is cut. No I/O, no clock, no thread. It knows the rules of Kite and NSE (`reference` §7–9) but
//! no wire format, no token and no session: `kite-sim` puts those around it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod account;
mod alert;
mod alerts;
mod amend;
mod auction;
mod auctions;
mod board;
mod book;
mod call;
mod cash;
mod catalog;
mod clock;
mod condition;
mod consent;
mod contracts;
mod conversion;
mod cover;
mod cover_range;
mod crowd;
mod day;
mod desk;
mod equilibrium;
mod event;
mod exchange;
mod expiries;
mod gtt;
mod history;
mod holding;
mod hours;
mod iceberg;
mod late;
mod late_rejects;
mod ledger;
mod legs;
mod lifecycle;
mod listing;
mod margin;
mod matching;
mod minutes;
mod model;
mod noise;
mod order;
mod passing;
mod pit;
mod position;
mod product;
mod protection;
mod quote;
mod refusal;
mod setup;
mod slices;
mod spread;
mod state;
mod summary;
mod sweep;
mod tape;
mod touched;
mod triggers;
mod underlyings;
mod validate;

pub use alert::{
    Alert, AlertEvent, AlertKind, AlertOrder, AlertQuote, AlertStatus, BasketChange, BasketItem, BasketOrder,
    BasketWish, ComparandWish, OperandWish, PlaceAlert,
};
pub use auction::{Auction, CallAuction};
pub use condition::{Attribute, Comparand, Condition, Operand, Operator};
pub use event::Event;
pub use exchange::Exchange;
pub use gtt::{Gtt, GttLeg, GttOrder, GttResult, GttStatus, PlaceGtt};
pub use history::History;
pub use holding::Holding;
pub use listing::{Listing, Segment};
pub use margin::{Available, Margins, Utilised};
pub use order::{Iceberg, IcebergWish, ModifyOrder, Order, OrderStatus, PlaceOrder, TradeRecord};
pub use position::{ConvertPosition, Position, Positions};
pub use product::ShownProduct;
pub use quote::Quote;
pub use refusal::{Refusal, RefusalKind};
pub use setup::{AccountSetup, HoldingSetup, Setup, TICK_INTERVAL_MS};
pub use slices::Placed;
pub use spread::SpreadLeg;
pub use state::State;
pub use summary::Books;
