//! What a replay says, as data: the same for the command line's `--json` and for the API.
//!
//! Shapes only. Prices and amounts are rupees, times RFC 3339 in IST to the microsecond.

use market::{Money, Price, Timestamp};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(as = Instant, value_type = String, example = "2026-11-23T09:15:00.123456+05:30")]
pub struct At(pub Timestamp);

/// Which run a report is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunHead {
    /// Its id.
    pub run_id: String,
    /// Whose it is.
    pub broker_id: String,
    /// What ran.
    pub strategy_name: String,
    /// Which version of it.
    pub version: u32,
    /// `live` or `paper`.
    pub mode: String,
    /// SHA-256 of the component.
    pub sha256: String,
}

/// How a run went when it was run again.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Which run.
    pub run: RunHead,
    /// True when every intent, log line and other trace was the same.
    pub identical: bool,
    /// The first place where it was not.
    pub divergence: Option<Divergence>,
    /// Events that were given again.
    pub events: u64,
    /// Ticks among them.
    pub ticks: u64,
    /// Intents that came again.
    pub intents: u64,
    /// Log lines that came again.
    pub lines: u64,
    /// The time of the first event.
    pub from: At,
    /// The time of the last.
    pub to: At,
    /// How long the replay took, in seconds.
    pub seconds: f64,
    /// Recorded time ÷ time of the replay.
    pub times_real_time: f64,
    /// What else there is to know, in words.
    pub notes: Vec<String>,
}

/// Where a replay went another way than the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Divergence {
    /// The number of the event, counted from the start event, which is 1.
    pub event: u64,
    /// Its time.
    pub at: At,
    /// The event, in words.
    pub what: String,
    /// What the strategy did then, a trace a line.
    pub recorded: Vec<String>,
    /// What it did now.
    pub now: Vec<String>,
}

/// What trades came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Fills.
    pub fills: usize,
    /// Booked by closing, before charges.
    #[schema(value_type = f64)]
    pub realised: Money,
    /// Of what is open at the end, at the last recorded prices.
    #[schema(value_type = f64)]
    pub unrealised: Money,
    /// Both together.
    #[schema(value_type = f64)]
    pub gross: Money,
    /// What trading cost.
    #[schema(value_type = f64)]
    pub charges: Money,
    /// Gross less charges.
    #[schema(value_type = f64)]
    pub net: Money,
    /// Positions still open at the end.
    pub open_positions: usize,
    /// Of these, positions without a price: what they are worth is in no figure.
    pub unpriced: u32,
}

/// One version over the recorded market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// What it calls itself, with its own version.
    pub name: String,
    /// SHA-256 of its component.
    pub sha256: String,
    /// Orders it asked for.
    pub orders: usize,
    /// What they came to.
    pub outcome: Outcome,
    /// Why it did not come to the end, where it did not.
    pub failed: Option<String>,
}

/// One order of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The run's number for it.
    pub order: u64,
    /// The event that caused it.
    pub event: u64,
    /// When it was asked for.
    pub at: At,
    /// Units asked for.
    pub quantity: u32,
    /// `MARKET`, `LIMIT`, `SL` or `SL-M`.
    pub kind: String,
    /// Limit price; zero where it has none.
    #[schema(value_type = f64)]
    pub price: Price,
    /// Trigger; zero where it has none.
    #[schema(value_type = f64)]
    pub trigger: Price,
    /// Units traded.
    pub filled: u32,
    /// At what price; zero where nothing traded.
    #[schema(value_type = f64)]
    pub fill_price: Price,
    /// Where it stood at the end.
    pub status: String,
}

/// An order of the old version, of the new one, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPair {
    /// What is traded.
    pub symbol: String,
    /// `BUY` or `SELL`.
    pub side: String,
    /// The old version's; none where only the new one asked.
    pub old: Option<OrderLine>,
    /// The new version's; none where only the old one asked.
    pub new: Option<OrderLine>,
    /// The new fill price less the old one, where both traded.
    #[schema(value_type = Option<f64>)]
    pub price_difference: Option<Price>,
    /// True when both asked for the same at the same event and got the same.
    pub same: bool,
}

/// What another version would have done differently.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Which run was recorded.
    pub run: RunHead,
    /// True when there is none: the same orders, fills and amounts.
    pub identical: bool,
    /// The version that ran, on paper over the recorded market.
    pub old: Version,
    /// The other version, on the same paper.
    pub new: Version,
    /// The new version's net less the old one's.
    #[schema(value_type = f64)]
    pub net_difference: Money,
    /// What the run really came to, by its own trades.
    pub recorded: Outcome,
    /// Every order of either, by time.
    pub orders: Vec<OrderPair>,
    /// Orders of the old version alone.
    pub only_old: usize,
    /// Orders of the new version alone.
    pub only_new: usize,
    /// Orders of both.
    pub both: usize,
    /// Market events that were played.
    pub events: u64,
    /// The time of the first event.
    pub from: At,
    /// The time of the last.
    pub to: At,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What else there is to know, in words.
    pub notes: Vec<String>,
}

/// What a run held at a place in its recording.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Which run.
    pub run: RunHead,
    /// The last event it was given.
    pub event: u64,
    /// The time of that event.
    pub at: At,
    /// The event, in words.
    pub what: String,
    /// Cash the account had available.
    #[schema(value_type = f64)]
    pub cash: Money,
    /// Booked on that day.
    #[schema(value_type = f64)]
    pub today_realised: Money,
    /// Of what it held, at the last prices.
    #[schema(value_type = f64)]
    pub unrealised: Money,
    /// What it held.
    pub positions: Vec<PositionLine>,
    /// Orders that stood.
    pub orders: Vec<StandingLine>,
    /// When it wanted to be called.
    pub timers: Vec<TimerLine>,
    /// What it kept across runs.
    pub stored: Vec<StoredLine>,
    /// The last lines it wrote, oldest first.
    pub lines: Vec<String>,
    /// What else there is to know, in words.
    pub notes: Vec<String>,
}

/// A position at a place in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PositionLine {
    /// Of what.
    pub symbol: String,
    /// How it was held.
    pub product: String,
    /// Negative when short.
    pub quantity: i64,
    /// What one unit cost on average.
    #[schema(value_type = f64)]
    pub average_price: Price,
    /// Booked by closing.
    #[schema(value_type = f64)]
    pub realised: Money,
}

/// An order that stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingLine {
    /// The run's number for it.
    pub order: u64,
    /// What was asked for, in words.
    pub what: String,
    /// Where it stood.
    pub status: String,
    /// Units traded.
    pub filled: u32,
}

/// A timer that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimerLine {
    /// Its name.
    pub id: u64,
    /// When it was due.
    pub at: At,
}

/// A value that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredLine {
    /// Under which key.
    pub key: String,
    /// Its size.
    pub bytes: usize,
    /// Its first bytes, as text where they are.
    pub start: String,
}

/// How an order came to be, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Which run.
    pub run: RunHead,
    /// The run's number for the order.
    pub order: u64,
    /// Its number within the tenant.
    pub number: i64,
    /// The 20 characters by which it is found at the broker.
    pub tag: String,
    /// The broker's number, once known.
    pub broker_order_id: Option<String>,
    /// What was asked for, in words.
    pub what: String,
    /// Where it stands.
    pub state: String,
    /// From the event that caused it to its end, by time.
    pub chain: Vec<Link>,
    /// What else there is to know, in words.
    pub notes: Vec<String>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// `event`, `handler`, `log`, `intent`, `gate`, `sent`, `answer`, `told`, `fill` or a word of the audit.
    pub kind: String,
    /// When; none where it is part of the link before.
    pub at: Option<At>,
    /// Microseconds since the time of the causing event.
    pub micros_since: Option<i64>,
    /// What, in words.
    pub text: String,
    /// By whom, where an entry of the audit tells of it.
    pub actor: Option<String>,
    /// What else is known of it.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.0.micros().rem_euclid(1_000_000);
        let text = self.0.ist_text().replace(' ', "T");
        write!(f, "{text}.{micros:06}+05:30")
    }
}
