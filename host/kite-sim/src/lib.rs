//! A Kite Connect v3 server over the simulated exchange: REST, login page and binary ticker on one address.
//!
//! Official Kite clients talk to it with nothing changed but their base URL. It knows the wire, sessions and
//! faults; what orders do to the market is the exchange's business, and tenants are nobody's here. The control
//! API under `/sim/` (described by `GET /sim/`) is for demos and tests.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod broker;
mod calls;
mod clock;
mod config;
mod consents;
mod control;
mod driver;
mod faults;
mod journal;
mod limits;
mod postback;
mod received;
mod reply;
mod routes;
mod sessions;
mod simulator;
mod spoiling;
mod ticker;
mod turns;
mod veil;
mod view;

pub use config::{ClockSetup, SimAccount, SimConfig, StartError};
pub use exchange::HoldingSetup;
pub use faults::Plan;
pub use journal::JournalError;
pub use simulator::Simulator;
pub use ticker::{Mode, packet};
