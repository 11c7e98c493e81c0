//! What a simulated exchange is made from.

use market::{Calendar, Money, Price, Symbol, Timestamp};
use serde::Deserialize;

/// Every instrument ticks once in this many milliseconds, each at its own offset within them.
pub const TICK_INTERVAL_MS: i64 = 500;

/// The seed, the time and the accounts of a new exchange.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Decides every price.
    pub seed: u64,
    /// Where its time begins. Contracts are listed for the expiries after it.
    pub now: Timestamp,
    /// When it trades.
    pub calendar: Calendar,
    /// Who trades on it.
    pub accounts: Vec<AccountSetup>,
}

/// One account at the start.
#[derive(Debug, Clone)]
pub struct AccountSetup {
    /// The broker's id, such as `UK9394`.
    pub user_id: String,
    /// For display.
    pub user_name: String,
    /// Opening balance.
    pub cash: Money,
    /// Shares in the depository. A symbol that is not listed is left out.
    pub holdings: Vec<HoldingSetup>,
}

/// Shares at the start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HoldingSetup {
    /// What.
    pub symbol: Symbol,
    /// How many.
    pub quantity: u32,
    /// What they cost on average.
    pub average_price: Price,
}
