//! One trader's whole compartment, as a value.
//!
//! A [`Tenant`] is the only way to a trader's broker line, rows, log and limits. It cannot be named by an id: it
//! comes out of [`Tenants::login`], [`Tenants::resume`] or [`Tenants::all`], and everything reached through it
//! (a [`Strategy`], a [`RunLine`], an order) carries it along, so nothing can be mixed up between two traders.
//! [`BrokerId`] has a private field, no `FromStr` and no `Deserialize`; it is made where the broker's token exchange
//! names the user, and where the store reads its own rows.
//!
//! Store, vault and broker line are private. This is the only package that knows sqlx. It must not know
//! WebAssembly, HTTP handlers or the page.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod archive;
mod at_rest;
pub mod audit;
mod broker;
mod broker_id;
mod chains;
mod chance;
mod clock;
mod config;
mod egress;
mod error;
mod feed;
mod host;
mod instruments;
mod journal;
pub mod log;
mod marks;
mod news;
mod orders;
mod pnl;
mod private;
mod proof;
mod reason;
mod recorded;
mod roll;
mod run;
mod sessions;
mod store;
mod strategy;
mod tenant;
mod tenants;
mod vault;
mod version;

pub use crate::orders::{
    Cause, Closing, Hindrance, KillSwitch, Leftover, OpenPosition, OrderRecord, RefusalCode, RunLine,
    RunOrderUpdate, TradeRecord,
};
pub use ::orders::paper::paper_fill;
pub use ::orders::{ForeignOrder, Mode, Settlement, SwitchScope, Switches, TradingState, Unsettleable, gate};
pub use at_rest::{AtRest, RestScope, kill_at_rest, set_egress_at_rest};
pub use broker::BrokerState;
pub use broker_id::BrokerId;
pub use chains::{ChainQuery, ChainReport, ExportedEntry, KeptHeads, export_chains, verify_chains};
pub use clock::Clock;
pub use config::{BrokerAddress, TenantLimits, TenantsConfig};
pub use error::{
    BrokerError, EgressError, LoginError, NotSignedIn, OpenError, SettleError, StoreError, StrategyError,
};
pub use feed::{Feed, FeedEvent, Watch};
pub use instruments::InstrumentList;
pub use journal::{JournalError, JournalPiece};
pub use kite::{Egress, WayOut};
pub use ledger::{Charges, RateTable};
pub use news::News;
pub use pnl::{
    DailyStats, DatePnl, PnlLabel, PnlRecord, PnlReport, PnlSum, PositionRecord, RunFigures, StrategyPnl,
    Whose,
};
pub use proof::{EgressProof, EgressSetting, EgressStanding, SeenWay};
pub use reason::{BadReason, REASON_CHARS_MAX, checked_reason};
pub use recorded::{Recorded, RecordedOrder, RecordedRun, RecordingError, Recordings};
pub use roll::{RollEntry, roll};
pub use run::{RunEvent, RunRecord, RunState, RunStep};
pub use sessions::{ApiToken, Login, NewApiToken, NewSession, PendingLogin, SecretText, SessionInfo};
pub use store::Health;
pub use strategy::{Strategy, Upload};
pub use tenant::{Cut, JournalReading, SquareOff, Tenant};
pub use tenants::Tenants;
pub use version::Version;
