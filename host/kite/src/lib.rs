//! The Kite Connect v3 wire: HTTP client, live ticker, wire types.
//!
//! One [`Connection`] speaks for one account: it owns the way out (egress address or proxy) and the account's rate
//! limits. Every HTTP request goes through its one `send`. A request that changes orders is sent at most once, and
//! its [`Error`] says whether the broker certainly did nothing or whether nobody can tell. This crate knows no tenant,
//! no database and no strategy.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod alert_params;
mod answer;
mod backoff;
mod budget;
mod candles;
mod clock;
mod connection;
#[cfg(any(test, fuzzing))]
pub mod doors;
mod egress;
mod endpoints;
mod error;
pub mod frame;
mod gtt_params;
mod instruments;
mod login;
mod odd;
mod order_options;
mod order_params;
mod placed;
pub mod postback;
mod preflight;
mod rows;
mod secret;
mod session;
mod settings;
mod throttle;
mod ticker;
mod tls;
mod wire;
pub mod words;

pub use alert_params::{AlertInstrument, AlertOperand, AlertParams};
pub use backoff::Backoff;
pub use budget::Budget;
pub use connection::Connection;
pub use egress::Egress;
pub use endpoints::Endpoints;
pub use error::{Error, Outcome, RefusalKind};
pub use gtt_params::{GttLeg, GttLegs, GttParams};
pub use login::Grant;
pub use order_options::{IcebergLegs, OrderAddress, PlaceOptions};
pub use order_params::{BrokerOrderId, InvalidOrderId, PlaceParams};
pub use placed::Placed;
pub use preflight::WayOut;
pub use rows::account::{Available, BankAccount, FullProfile, Margins, Profile, Segment, Utilised};
pub use rows::alert::{AlertEvent, AlertRow, AlertSide};
pub use rows::book::{Book, UnreadableRow};
pub use rows::cost::{BasketMargins, Charges, ContractLine, OrderMargin, TriggerRange};
pub use rows::gtt::{GttCondition, GttOrder, GttResult, GttRow, TriggerId};
pub use rows::holding::{AuctionRow, CompactHolding, FundedPart, HoldingRow, HoldingsSummary};
pub use rows::order::{BrokerStatus, OrderRow};
pub use rows::position::{Figures, PositionRow, Positions};
pub use rows::quote::{Ohlc, OhlcQuote, Quote};
pub use rows::trade::TradeRow;
pub use secret::Secret;
pub use session::Session;
pub use session::costs::FilledOrder;
pub use session::portfolio::{Authorisation, Conversion};
pub use settings::{ConnectionLimits, RateLimits};
pub use ticker::{Gap, MAX_INSTRUMENTS, Mode, Ticker, TickerEvent, TickerLimits};
pub use wire::Word;
pub use wire::fields::Extra;
